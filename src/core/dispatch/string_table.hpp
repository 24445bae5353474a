// An immutable hash table from short strings to small indexes: the action of a frame to its plan, a key to
// its field.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace chanx::dispatch {

class string_table {
public:
    static constexpr std::uint32_t npos = UINT32_MAX;

    string_table() = default;

    // The index of a string is its place in `strings`. Throws std::invalid_argument when a string occurs
    // twice.
    explicit string_table(std::vector<std::string> strings);

    std::uint32_t find(std::string_view text) const noexcept {
        if (slots_.empty()) return npos;
        for (std::size_t at = hash(text) & mask_;; at = (at + 1) & mask_) {
            const std::uint32_t index = slots_[at];
            if (index == npos) return npos;
            if (strings_[index] == text) return index;
        }
    }

    std::string_view at(std::uint32_t index) const noexcept { return strings_[index]; }
    std::size_t size() const noexcept { return strings_.size(); }

private:
    // Names differ in length, at their start or at their end; reading 16 bytes tells nearly all of them
    // apart. Equal hashes cost a comparison, and the table is built from the program's own names, so no input
    // can make it slow.
    static std::size_t hash(std::string_view text) noexcept {
        std::uint64_t head = 0, tail = 0;
        const std::size_t n = text.size();
        if (n >= 8) {
            std::memcpy(&head, text.data(), 8);
            std::memcpy(&tail, text.data() + n - 8, 8);
        } else {
            std::memcpy(&head, text.data(), n);
        }
        std::uint64_t h = (head ^ (tail * 0x9E3779B97F4A7C15u)) + n;
        h *= 0xD6E8FEB86659FD93u;
        return static_cast<std::size_t>(h ^ (h >> 32));
    }

    std::vector<std::string> strings_;
    std::vector<std::uint32_t> slots_;
    std::size_t mask_ = 0;
};

}  // namespace chanx::dispatch
