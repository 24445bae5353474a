#include <doctest/doctest.h>

#include <string>

#include "core/validate/temporal.hpp"

using namespace chanx::validate;

TEST_CASE("dates exist in the calendar") {
    date_parts d;
    CHECK(parse_date("2024-02-29", d));
    CHECK(d.year == 2024);
    CHECK(d.month == 2);
    CHECK(d.day == 29);
    for (const char* text :
         {"2023-02-29", "2100-02-29", "0000-01-01", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31",
          "2024-1-01", "2024-01-01 ", "2024/01/01", "", "20240101"})
        CHECK_FALSE(parse_date(text, d));
    CHECK(parse_date("2000-02-29", d));
    CHECK(parse_date("9999-12-31", d));
}

TEST_CASE("times have six digits of a second at most, and an offset in minutes") {
    time_parts t;
    CHECK(parse_time("23:59:59", t));
    CHECK_FALSE(t.has_offset);
    CHECK(parse_time("10:00:00.5Z", t));
    CHECK(t.microsecond == 500000);
    CHECK(t.has_offset);
    CHECK(t.offset == 0);
    CHECK(parse_time("10:00:00.000001-05:30", t));
    CHECK(t.microsecond == 1);
    CHECK(t.offset == -19800);
    for (const char* text : {"24:00:00", "10:60:00", "10:00:60", "10:00", "10:00:00.", "10:00:00.1234567",
                             "10:00:00+24:00", "10:00:00+1:00", "10:00:00+0100", "10:00:00 Z", "1a:00:00"})
        CHECK_FALSE(parse_time(text, t));
    datetime_parts both;
    CHECK(parse_datetime("2024-02-29T10:00:00Z", both));
    CHECK(parse_datetime("2024-02-29 10:00:00", both));
    CHECK_FALSE(parse_datetime("2024-02-29", both));
    CHECK_FALSE(parse_datetime("2024-02-29_10:00:00", both));
}

TEST_CASE("durations name each unit once, in order") {
    duration_parts d;
    CHECK(parse_duration("P1DT26H3M4.5S", d));
    CHECK(d.days == 2);
    CHECK(d.seconds == 2 * 3600 + 3 * 60 + 4);
    CHECK(d.microseconds == 500000);
    CHECK(parse_duration("PT1S", d));
    for (const char* text : {"P", "PT", "P1", "P1DT", "PT1H1H", "PT1S1M", "P1H", "P1M", "P1W", "-P1D",
                             "PT1.5H", "P1D1D", "PT1234567S", "PT.5S", "PT1.S", "1D"})
        CHECK_FALSE(parse_duration(text, d));
}

TEST_CASE("UUIDs, decimals and integers in their plain spelling") {
    uuid_bytes u;
    CHECK(parse_uuid("12345678-1234-5678-1234-56781234567F", u));
    CHECK(u[15] == 0x7F);
    CHECK_FALSE(parse_uuid("12345678-1234-5678-1234-56781234567G", u));
    CHECK_FALSE(parse_uuid("12345678123456781234567812345678", u));
    CHECK_FALSE(parse_uuid("123456781-234-5678-1234-567812345678", u));
    for (const char* text : {"1", "-1.50", "+0.0", "00"}) CHECK(is_plain_decimal(text));
    for (const char* text : {"", "-", ".", "1.", ".5", "1e5", " 1", "NaN", "1_0"})
        CHECK_FALSE(is_plain_decimal(text));
    CHECK_FALSE(is_plain_decimal(std::string(41, '1')));
    std::int64_t number;
    CHECK(parse_integer("-12", number));
    CHECK(number == -12);
    for (const char* text : {"", "-", "-0", "01", "+1", "1.0", "1234567890123456789"})
        CHECK_FALSE(parse_integer(text, number));
}
