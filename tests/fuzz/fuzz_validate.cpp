// The walk over a document along a plan of every kind of node, with a builder whose values must all be
// accounted for.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json_writer.hpp"
#include "core/schema/plan.hpp"
#include "core/validate/null_builder.hpp"
#include "core/validate/parser.hpp"
#include "core/validate/utf8.hpp"
#include "core/validate/walk.hpp"

namespace {

using namespace chanx;

void require(bool fine) {
    if (!fine) std::abort();
}

// A value is a heap object that owns its parts, so that the sanitizers see every leak and every double free.
struct value {
    std::vector<value*> parts;
    std::size_t keys = 0;
    ~value() {
        for (value* part : parts) delete part;
    }
};

struct counting_builder {
    using value_type = value*;
    const schema::plan& plan;

    value* null() { return new value; }
    value* boolean(bool) { return new value; }
    value* integer(std::int64_t) { return new value; }
    value* unsigned_integer(std::uint64_t) { return new value; }
    value* floating(double number) {
        encode::json_writer out;
        require(out.floating(number));  // JSON has no other numbers
        return new value;
    }
    value* string(std::string_view text) {
        const validate::utf8_measure measure = validate::measure_utf8(text);
        std::vector<std::uint32_t> wide(measure.length + 1, 0xFFFFFFFF);
        validate::widen_utf8(text, wide.data());
        require(wide.back() == 0xFFFFFFFF);
        wide.pop_back();
        encode::json_writer out;
        require(out.ucs4_string(wide.data(), wide.size()));
        simdjson::dom::parser parser;
        simdjson::dom::element again;
        require(!parser.parse(out.text().data(), out.text().size()).get(again));
        require(std::string_view(again) == text);
        return new value;
    }
    value* literal(std::uint32_t, std::uint32_t) { return new value; }
    value* list(std::size_t) { return new value; }
    void append(value* to, std::size_t at, value* one) {
        require(to->parts.size() == at);
        to->parts.push_back(one);
    }
    value* dict(std::size_t) { return new value; }
    bool insert(value* to, std::string_view, value* one) {
        to->parts.push_back(one);
        return ++to->keys % 13 != 0;  // now and then memory is short
    }
    std::size_t dict_size(value* of) { return of->keys; }
    bool insert_value(value* to, value* key, value* one) {
        delete key;
        return insert(to, {}, one);
    }
    value* date(const validate::date_parts& parts) {
        require(parts.year >= 1 && parts.month >= 1 && parts.month <= 12 && parts.day >= 1 &&
                parts.day <= 31);
        return new value;
    }
    value* time(const validate::time_parts& parts) {
        require(parts.hour < 24 && parts.minute < 60 && parts.second < 60 && parts.microsecond < 1'000'000);
        require(parts.offset > -86400 && parts.offset < 86400);
        return new value;
    }
    value* datetime(const validate::datetime_parts& parts) {
        delete date(parts.date);
        return time(parts.time);
    }
    value* duration(const validate::duration_parts& parts) {
        require(parts.days >= 0 && parts.days < 999'999'999 && parts.seconds >= 0 && parts.seconds < 86400);
        require(parts.microseconds >= 0 && parts.microseconds < 1'000'000);
        return new value;
    }
    value* uuid(const validate::uuid_bytes&) { return new value; }
    value* decimal(std::string_view text) {
        require(!text.empty() && text.size() <= 40);
        return new value;
    }
    value* bytes(std::uint32_t, std::string_view) { return new value; }
    value* collect(std::uint32_t, value* list) { return list; }
    value* after(std::uint32_t, value* one) { return one; }
    value* dependent(std::uint32_t, std::uint32_t, value**, value* raw) { return raw ? raw : new value; }
    value* foreign_json(std::uint32_t, std::string_view json) {
        simdjson::dom::parser parser;
        simdjson::dom::element again;
        require(!parser.parse(json.data(), json.size()).get(again));
        return new value;
    }
    value* model(std::uint32_t node, value** slots, const std::uint8_t* given, value* extra) {
        require(!given || plan.nodes[node].needs_data);
        auto made = std::make_unique<value>();
        require(!extra == !plan.nodes[node].keep_extra);
        if (extra) made->parts.push_back(extra);
        for (std::uint32_t i = 0; i < plan.nodes[node].field_count; ++i) {
            if (slots[i])
                made->parts.push_back(slots[i]);
            else
                require(!plan.fields[plan.nodes[node].first_field + i].required);
        }
        return made.release();
    }
    value* foreign(std::uint32_t, value* raw) {
        if (raw->parts.size() != 3) return raw;
        delete raw;  // as pydantic might refuse it
        return nullptr;
    }
    void drop(value* one) { delete one; }
};

schema::plan make_plan(bool camelize, bool json_parts = false) {
    using schema::kind;
    schema::spec form;
    form.camelize = camelize;
    const auto add = [&](kind type) {
        form.nodes.emplace_back().type = type;
        return static_cast<std::uint32_t>(form.nodes.size() - 1);
    };
    const auto root = add(kind::tagged_union), tree = add(kind::model), any = add(kind::any),
               text = add(kind::string), number = add(kind::integer), ratio = add(kind::floating),
               flag = add(kind::boolean), nothing = add(kind::null), choice = add(kind::literal),
               maybe = add(kind::nullable), many = add(kind::list), table = add(kind::dict),
               other = add(kind::foreign), strict = add(kind::model), day = add(kind::date),
               clock = add(kind::time), moment = add(kind::datetime), span = add(kind::duration),
               id = add(kind::uuid), exact = add(kind::decimal), raw = add(kind::bytes),
               pair = add(kind::tuple), bag = add(kind::collection), either = add(kind::choice_union),
               checked = add(kind::after), by_number = add(kind::dict), kept = add(kind::model),
               all = add(kind::model);
    auto& n = form.nodes;
    n[root].discriminator = "action";
    n[root].other_discriminators = {"kind"};
    n[root].choices = {{"tree", tree}, {"strict", strict}, {"other", other}};
    n[tree].fields = {
        {"action", text, true, false},  {"number", number, false, false},   {"ratio", ratio, false, false},
        {"is_set", flag, false, false}, {"nothing", nothing, false, false}, {"choice", choice, false, false},
        {"maybe", maybe, false, false}, {"children", many, false, false},   {"by_name", table, false, false},
        {"any", any, false, false},     {"other", other, false, true}};
    n[strict].fields = {
        {"action", text, true, false}, {"number", number, true, false}, {"", text, false, false}};
    n[strict].fields[0].others = {"kind"};
    n[strict].fields[2].paths = {{"any", {{"a"}, {"", 1, false}}}, {"children", {{"", -2, false}}}};
    n[strict].forbid_extra = true;
    n[text].strip = true;
    n[text].min_length = 1;
    n[text].max_length = 6;
    n[number].integers.ge = -5;
    n[number].multiple_of = 3;
    n[ratio].floats.lt = 1e10;
    n[choice].literals = {{schema::literal_spec::type::null, false, 0, {}},
                          {schema::literal_spec::type::integer, false, 7, {}},
                          {schema::literal_spec::type::string, false, 0, "x"}};
    n[maybe].first = tree;
    n[many].first = tree;
    n[many].max_length = 5;
    n[table].first = text;
    n[table].second = maybe;
    n[moment].has_fallback = n[id].has_fallback = true;
    n[pair].members = {number, moment};
    n[bag].first = id;
    n[checked].first = text;
    n[by_number].first = number;
    n[by_number].second = exact;
    n[either].members = {kept, strict, number, checked, many};
    n[either].by_exactness = true;
    n[either].has_fallback = true;
    n[kept].keep_extra = true;
    n[kept].fields = {{"day", day, true}, {"number", number, false, false, true, true}, {"n", number, false}};
    n[kept].fields[0].others = {"date", "d"};
    n[all].fields = {{"action", text, false},         {"day", day, false},
                     {"clock", clock, false},         {"moment", moment, false},
                     {"span", span, false},           {"id", id, false},
                     {"exact", exact, false},         {"raw", raw, false},
                     {"pair", pair, false},           {"bag", bag, false},
                     {"either", either, false},       {"checked", checked, false},
                     {"by_number", by_number, false}, {"kept", kept, false}};
    n[root].choices.push_back({"all", all});
    form.json_parts = json_parts;
    return schema::compile(form);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const schema::plan plans[] = {make_plan(false), make_plan(true), make_plan(false, true)};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const schema::plan& plan : plans) {
        validate::parser_lease lease;
        simdjson::dom::element root;
        if (lease.parse(text, root)) return 0;
        counting_builder build{plan};
        value* made = nullptr;
        const bool accepted = validate::walker(plan, build).walk(root, made);
        require(accepted == (made != nullptr));
        delete made;
        validate::null_builder checker;
        validate::null_builder::value_type fits = 0;
        const bool checked = validate::walker(plan, checker).walk(root, fits);
        require(checked || !accepted);  // what is built was found fit before
    }
    return 0;
}
