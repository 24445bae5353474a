#include "core/validate/parser.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace chanx::validate {
namespace {

// A parser that has seen a frame larger than this is not kept: its tape is many times as large as the text.
constexpr std::size_t kept_capacity = 256 * 1024;

std::unique_ptr<parser_lease::state>& spare() {
    thread_local std::unique_ptr<parser_lease::state> instance;
    return instance;
}

}  // namespace

parser_lease::parser_lease() : state_(std::move(spare())) {
    if (!state_) state_ = std::make_unique<state>();
}

parser_lease::~parser_lease() {
    if (state_->capacity <= kept_capacity) spare() = std::move(state_);
}

simdjson::error_code parser_lease::parse(std::string_view text, simdjson::dom::element& root) {
    state& s = *state_;
    const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (needed > s.capacity) {
        const std::size_t grown = needed < 4096 ? 4096 : needed + needed / 2;
        s.buffer.reset(new (std::nothrow) char[grown]);
        s.capacity = s.buffer ? grown : 0;
        if (!s.buffer) return simdjson::MEMALLOC;
    }
    std::memcpy(s.buffer.get(), text.data(), text.size());
    std::memset(s.buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return s.parser.parse(s.buffer.get(), text.size(), false).get(root);
}

}  // namespace chanx::validate
