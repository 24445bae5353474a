#include <doctest/doctest.h>

#include <string>

#include "core/schema/letter_case.hpp"

using namespace chanx::schema;

namespace {
std::string snake(const std::string& key) {
    std::string out;
    return decamelize(key, out) ? out : "?";
}
std::string camel(const std::string& key) {
    std::string out;
    return camelize(key, out) ? out : "?";
}
}  // namespace

TEST_CASE("decamelize splits at capitals and keeps acronyms together") {
    CHECK(snake("messageId") == "message_id");
    CHECK(snake("HTTPServer") == "http_server");
    CHECK(snake("userID2") == "user_id2");
    CHECK(snake("ABC") == "ABC");
    CHECK(snake("already_snake1") == "already_snake1");
    CHECK(snake("") == "");
    CHECK(snake("a b") == "?");
    CHECK(snake("\xc3\xa9") == "?");
}

TEST_CASE("camelize joins words and keeps underscores at the ends") {
    CHECK(camel("message_id") == "messageId");
    CHECK(camel("_private_name_") == "_privateName_");
    CHECK(camel("Pascal_name") == "pascalName");
    CHECK(camel("ABC") == "ABC");
    CHECK(camel("a__b") == "aB");
    CHECK(camel("a b") == "?");
}
