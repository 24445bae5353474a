#include <doctest/doctest.h>

#include "core/error.hpp"

TEST_CASE("an error code carries its category and its message") {
    const std::error_code code = chanx::errc::channel_full;
    CHECK(code.category() == chanx::category());
    CHECK(code.message() == "the channel is full");
    CHECK(std::error_code{}.value() == 0);
}
