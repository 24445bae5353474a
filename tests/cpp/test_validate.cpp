#include <doctest/doctest.h>

#include <string>

#include "core/schema/plan.hpp"
#include "core/validate/null_builder.hpp"
#include "core/validate/parser.hpp"
#include "core/validate/walk.hpp"

using namespace chanx;

namespace {

// {"action": "chat", "payload": {"text": str of 1 to 5 characters, "count": int of 0 or more, with a
// default}}
schema::spec chat_form() {
    schema::spec form;
    form.nodes.resize(6);
    form.nodes[0].type = schema::kind::tagged_union;
    form.nodes[0].discriminator = "action";
    form.nodes[0].choices = {{"chat", 1}};
    form.nodes[1].type = schema::kind::model;
    form.nodes[1].fields = {{"action", 2, true, false}, {"payload", 3, true, false}};
    form.nodes[2].type = schema::kind::literal;
    form.nodes[2].literals = {{schema::literal_spec::type::string, false, 0, "chat"}};
    form.nodes[3].type = schema::kind::model;
    form.nodes[3].fields = {{"text_line", 4, true, false}, {"count", 5, false, false}};
    form.nodes[4].type = schema::kind::string;
    form.nodes[4].min_length = 1;
    form.nodes[4].max_length = 5;
    form.nodes[5].type = schema::kind::integer;
    form.nodes[5].integers.ge = 0;
    return form;
}

bool accepts(const schema::plan& plan, const std::string& text) {
    validate::parser_lease lease;
    simdjson::dom::element root;
    if (lease.parse(text, root)) return false;
    validate::null_builder build;
    validate::null_builder::value_type out = 0;
    return validate::walker(plan, build).walk(root, out) && out == 1;
}

std::string chat(const std::string& payload) { return R"({"action":"chat","payload":)" + payload + "}"; }

}  // namespace

TEST_CASE("a plan accepts what fits it, in any order of keys") {
    const schema::plan plan = schema::compile(chat_form());
    CHECK(accepts(plan, chat(R"({"text_line":"hi"})")));
    CHECK(accepts(plan, chat(R"({"count":3,"text_line":"hi","unknown":[1,{}]})")));
    CHECK(accepts(plan, R"({"payload":{"text_line":"\u00e9\ud83d\ude00"},"action":"chat"})"));
}

TEST_CASE("a plan refuses what it is not sure about") {
    const schema::plan plan = schema::compile(chat_form());
    CHECK_FALSE(accepts(plan, chat(R"({"count":1})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":""})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":"abcdef"})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":1})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":"a","count":-1})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":"a","count":1.0})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":"a","text_line":"b"})")));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":"\ud800"})")));
    CHECK_FALSE(accepts(plan, R"({"action":"dog","payload":{"text_line":"a"}})"));
    CHECK_FALSE(accepts(plan, R"({"payload":{"text_line":"a"}})"));
    CHECK_FALSE(accepts(plan, chat(R"({"text_line":"a"})") + "x"));
    CHECK_FALSE(accepts(plan, "[]"));
    CHECK_FALSE(accepts(plan, ""));
}

TEST_CASE("camel-case keys match snake-case names when the plan says so") {
    schema::spec form = chat_form();
    CHECK_FALSE(accepts(schema::compile(form), chat(R"({"textLine":"a"})")));
    form.camelize = true;
    CHECK(accepts(schema::compile(form), chat(R"({"textLine":"a"})")));
    CHECK_FALSE(accepts(schema::compile(form), chat(R"({"textLine":"a","text_line":"b"})")));
    CHECK(accepts(schema::compile(form), chat(R"({"count":1,"textLine":"a"})")));
}

TEST_CASE("names that are in camel case themselves match no key when keys are spelt anew") {
    schema::spec form = chat_form();
    form.camelize = true;
    form.nodes[3].fields[0].name = "textLine";
    CHECK_FALSE(accepts(schema::compile(form), chat(R"({"textLine":"a"})")));
    CHECK_FALSE(accepts(schema::compile(form), chat(R"({"text_line":"a"})")));
    form = chat_form();
    form.camelize = true;
    form.nodes[0].discriminator = form.nodes[1].fields[0].name = "kindOf";
    CHECK_FALSE(accepts(schema::compile(form), R"({"kindOf":"chat","payload":{"text_line":"a"}})"));
}

TEST_CASE("a byte order mark is no JSON") {
    const schema::plan plan = schema::compile(chat_form());
    const std::string text = chat(R"({"text_line":"a"})");
    CHECK(accepts(plan, text));
    CHECK_FALSE(accepts(plan, "\xEF\xBB\xBF" + text));
}

TEST_CASE("a discriminator may have more than one spelling") {
    schema::spec form = chat_form();
    form.nodes[0].discriminator = "kind_of";
    form.nodes[0].other_discriminators = {"kindOf"};
    form.nodes[1].fields[0].name = "kindOf";
    form.nodes[1].fields[0].others = {"kind_of"};
    const schema::plan plan = schema::compile(form);
    const std::string rest = R"(,"payload":{"text_line":"a"}})";
    CHECK(accepts(plan, R"({"kindOf":"chat")" + rest));
    CHECK(accepts(plan, R"({"kind_of":"chat")" + rest));
    CHECK_FALSE(accepts(plan, R"({"kind_of":"chat","kindOf":"chat")" + rest));
    CHECK_FALSE(accepts(plan, R"({"action":"chat")" + rest));
}

TEST_CASE("a field may stand deeper in the document than its model") {
    schema::spec form;
    form.nodes.resize(2);
    form.nodes[0].type = schema::kind::model;
    form.nodes[0].fields = {{"count", 1, true}, {"", 1, true}};
    form.nodes[0].fields[1].paths = {{"deep", {{"", -1, false}, {"x"}}}, {"wide", {{"y"}}}};
    form.nodes[1].type = schema::kind::integer;
    const schema::plan plan = schema::compile(form);
    CHECK(accepts(plan, R"({"count":1,"deep":[0,{"x":2}]})"));
    CHECK(accepts(plan, R"({"wide":{"z":0,"y":2},"count":1})"));
    CHECK(accepts(plan, R"({"wide":{"y":2},"count":1,"deep":[{"x":2},{"y":3}]})"));
    CHECK_FALSE(accepts(plan, R"({"count":1})"));
    CHECK_FALSE(accepts(plan, R"({"count":1,"":2})"));
    CHECK_FALSE(accepts(plan, R"({"count":1,"deep":[]})"));
    CHECK_FALSE(accepts(plan, R"({"count":1,"deep":{"x":2}})"));
    CHECK_FALSE(accepts(plan, R"({"count":1,"deep":[{"x":2}],"wide":{"y":2}})"));
    CHECK_FALSE(accepts(plan, R"({"count":1,"wide":{"y":2,"y":2}})"));
    CHECK_FALSE(accepts(plan, R"({"count":1,"wide":{"y":2},"wide":{"y":2}})"));
}

TEST_CASE("a lease inside a lease leaves the outer document alone") {
    validate::parser_lease outer, inner;
    simdjson::dom::element first, second;
    REQUIRE_FALSE(outer.parse(R"(["outer"])", first));
    REQUIRE_FALSE(inner.parse(R"(["inner"])", second));
    CHECK(std::string_view(first.at(0)) == "outer");
}

TEST_CASE("a form that contradicts itself is refused") {
    schema::spec form = chat_form();
    form.nodes[1].fields[0].node = 99;
    CHECK_THROWS(schema::compile(form));
    form = chat_form();
    form.nodes[3].fields[1].name = "text_line";
    CHECK_THROWS(schema::compile(form));
}
