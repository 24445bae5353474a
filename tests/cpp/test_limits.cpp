#include <doctest/doctest.h>

#include <string>

#include "core/validate/limits.hpp"
#include "core/validate/parser.hpp"

using namespace chanx::validate;

TEST_CASE("each limit is found, also in text that is no JSON") {
    CHECK(find_excess("[1,2]", {.bytes = 5}) == excess::none);
    CHECK(find_excess("[1,2] ", {.bytes = 5}) == excess::bytes);
    CHECK(find_excess("[[1]]", {.depth = 2}) == excess::none);
    CHECK(find_excess("[[[1]]]", {.depth = 2}) == excess::depth);
    CHECK(find_excess("[[[[[", {.depth = 2}) == excess::depth);
    CHECK(find_excess("[1,2,3]", {.elements = 3}) == excess::none);
    CHECK(find_excess("[1,2,3,4]", {.elements = 3}) == excess::elements);
    CHECK(find_excess(R"(["abc"])", {.string = 3}) == excess::none);
    CHECK(find_excess(R"(["abcd"])", {.string = 3}) == excess::string);
    CHECK(find_excess(R"(["abcdefgh)", {.string = 3}) == excess::string);
    CHECK(find_excess(R"(]]}}[1])", {.depth = 1}) == excess::none);
}

TEST_CASE("brackets and commas inside strings count as text") {
    CHECK(find_excess(R"(["[[[[,,,,"])", {.depth = 1, .elements = 1}) == excess::none);
    CHECK(find_excess(R"(["\"[[","\\",[1]])", {.depth = 1}) == excess::depth);
    CHECK(find_excess(R"(["\\"])", {.string = 2}) == excess::none);
}

TEST_CASE("the parser and the scan agree on depth") {
    for (std::size_t depth : {1u, 2u, 5u, 64u, 200u}) {
        for (int difference : {-1, 0, 1}) {
            const std::size_t levels = depth + static_cast<std::size_t>(difference);
            for (const char* inside : {"1", "[]", "{ }"}) {
                const std::string text = std::string(levels, '[') + inside + std::string(levels, ']');
                parser_lease lease;
                simdjson::dom::element root;
                const bool parsed = !lease.parse(text, root, depth);
                CHECK(parsed == (find_excess(text, {.depth = depth}) == excess::none));
            }
        }
    }
}

TEST_CASE("a text may end anywhere in a page") {
    std::string page(8192, ' ');
    const std::string text = R"({"a":[1,2.5,"x"],"b":null})";
    for (std::size_t at = 3900; at < 4200; ++at) {
        page.replace(at, text.size(), text);
        page[at + text.size()] = '9';
        parser_lease lease;
        simdjson::dom::element root;
        REQUIRE(!lease.parse(std::string_view(page).substr(at, text.size()), root));
        CHECK(simdjson::minify(root) == text);
        page.replace(at, text.size() + 1, text.size() + 1, ' ');
    }
    for (const std::string number : {"12", "-7.25", "true", "\"s\""}) {
        const std::string followed = number + "345";
        parser_lease lease;
        simdjson::dom::element root;
        REQUIRE(!lease.parse(std::string_view(followed).substr(0, number.size()), root));
        CHECK(simdjson::minify(root) == number);
    }
}
