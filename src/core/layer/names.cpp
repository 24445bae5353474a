#include "core/layer/names.hpp"

#include <algorithm>

namespace chanx::layer {
namespace {

bool allowed(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool all_allowed(std::string_view part) noexcept { return std::all_of(part.begin(), part.end(), allowed); }

}  // namespace

bool valid_group_name(std::string_view name) noexcept {
    return !name.empty() && name.size() < MAX_NAME_LENGTH && all_allowed(name);
}

bool valid_channel_name(std::string_view name) noexcept {
    if (name.size() >= MAX_NAME_LENGTH) return false;
    const auto mark = name.find('!');
    if (mark == std::string_view::npos) return valid_group_name(name);
    return mark > 0 && all_allowed(name.substr(0, mark)) && all_allowed(name.substr(mark + 1));
}

std::string_view non_local_name(std::string_view name) noexcept {
    const auto mark = name.find('!');
    return mark == std::string_view::npos ? name : name.substr(0, mark + 1);
}

}  // namespace chanx::layer
