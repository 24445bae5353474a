#include "core/dispatch/string_table.hpp"

#include <stdexcept>
#include <utility>

namespace chanx::dispatch {

string_table::string_table(std::vector<std::string> strings) : strings_(std::move(strings)) {
    if (strings_.empty()) return;
    std::size_t capacity = 4;
    while (capacity < strings_.size() * 2) capacity *= 2;
    slots_.assign(capacity, npos);
    mask_ = capacity - 1;
    for (std::uint32_t index = 0; index < strings_.size(); ++index) {
        std::size_t at = hash(strings_[index]) & mask_;
        while (slots_[at] != npos) {
            if (strings_[slots_[at]] == strings_[index])
                throw std::invalid_argument("the name '" + strings_[index] + "' occurs twice");
            at = (at + 1) & mask_;
        }
        slots_[at] = index;
    }
}

}  // namespace chanx::dispatch
