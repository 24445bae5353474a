#include "core/encode/keys.hpp"

#include <set>

#include "core/encode/json_writer.hpp"
#include "core/schema/letter_case.hpp"

namespace chanx::encode {

std::optional<std::vector<std::string>> prepare_keys(const schema::plan& plan, bool camelize) {
    std::vector<std::string> keys(plan.fields.size());
    json_writer writer;
    for (const schema::node& node : plan.nodes) {
        if (node.type != schema::kind::model) continue;
        std::set<std::string> seen;
        for (std::uint32_t i = node.first_field; i < node.first_field + node.field_count; ++i) {
            std::string name = plan.fields[i].name;
            for (char c : name) {
                if (static_cast<unsigned char>(c) >= 0x80) return std::nullopt;
            }
            if (camelize && !schema::camelize(plan.fields[i].name, name)) return std::nullopt;
            if (!seen.insert(name).second) return std::nullopt;
            writer.clear();
            writer.ascii_string(reinterpret_cast<const unsigned char*>(name.data()), name.size());
            writer.character(':');
            keys[i] = writer.text();
        }
    }
    return keys;
}

}  // namespace chanx::encode
