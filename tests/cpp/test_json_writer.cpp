#include <doctest/doctest.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "core/encode/json_writer.hpp"

using chanx::encode::json_writer;

namespace {
std::string number(double value) {
    json_writer out;
    return out.floating(value) ? std::string(out.text()) : "no";
}
std::string ascii(const std::string& text) {
    json_writer out;
    out.ascii_string(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return std::string(out.text());
}
}  // namespace

TEST_CASE("floats are shortest and stay floats") {
    CHECK(number(1) == "1.0");
    CHECK(number(-0.0) == "-0.0");
    CHECK(number(0.1) == "0.1");
    CHECK(number(1e22) == "1e+22");
    CHECK(number(5e-324) == "5e-324");
    CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "no");
    CHECK(number(std::numeric_limits<double>::infinity()) == "no");
}

TEST_CASE("strings are escaped wherever the special character stands") {
    CHECK(ascii("") == "\"\"");
    for (std::size_t at = 0; at < 20; ++at) {
        std::string text(20, 'a'), wanted(20, 'a');
        text[at] = '"';
        wanted.replace(at, 1, "\\\"");
        CHECK(ascii(text) == "\"" + wanted + "\"");
    }
    CHECK(ascii(std::string("\x00\x1f\n\\\x7f", 5)) == "\"\\u0000\\u001f\\n\\\\\x7f\"");
    CHECK(ascii(std::string(5000, '\x01')).size() == 5000 * 6 + 2);
}

TEST_CASE("wider characters become UTF-8 and lone surrogates are refused") {
    json_writer out;
    const std::uint32_t chars[] = {'a', 0xE9, 0x20AC, 0x1F600, '"'};
    CHECK(out.ucs4_string(chars, 5));
    CHECK(out.text() == "\"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\\"\"");
    const std::uint16_t lone[] = {0xD800};
    CHECK_FALSE(out.ucs2_string(lone, 1));
}

TEST_CASE("escaped strings are of printable ASCII whatever their width") {
    const auto escaped = [](const auto& chars) {
        json_writer out;
        out.escaped_string(chars, std::size(chars));
        return std::string(out.text());
    };
    const std::uint8_t narrow[] = {'a', '"', '\n', 0x1F, '~', 0x7F, 0xE9};
    CHECK(escaped(narrow) == R"("a\"\n\u001f~\u007f\u00e9")");
    const std::uint16_t middle[] = {0x20AC, 'a', 0xD800, 0xFFFF};
    CHECK(escaped(middle) == R"("\u20aca\ud800\uffff")");
    const std::uint32_t wide[] = {0x1F600, 0x10FFFF, '\\'};
    CHECK(escaped(wide) == R"("\ud83d\ude00\udbff\udfff\\")");
    const std::vector<std::uint32_t> many(5000, 0x10000);
    json_writer out;
    out.escaped_string(many.data(), many.size());
    CHECK(out.size() == many.size() * 12 + 2);
}
