#include "core/validate/parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

// Clang says it in another way than GCC.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHANX_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHANX_SANITIZED 1
#endif
#ifndef CHANX_SANITIZED
#define CHANX_SANITIZED 0
#endif

namespace chanx::validate {
namespace {

// A parser that has seen a frame larger than this is not kept: its tape is many times as large as the text.
constexpr std::size_t kept_capacity = 256 * 1024;

// Up to this many bytes a loop over the characters is quicker than setting up vectors.
constexpr std::size_t tiny = 40;

void use_plain_code(simdjson::dom::parser& parser, std::size_t depth) {
    const simdjson::implementation* plain = simdjson::get_available_implementations()["fallback"];
    if (!plain) return;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> made;
    if (!plain->create_dom_parser_implementation(tiny, depth, made)) parser.implementation = std::move(made);
}

// The parser reads a little past the end, whatever stands there. Within a page that is no fault.
bool may_read_beyond([[maybe_unused]] std::string_view text) noexcept {
#if CHANX_SANITIZED
    return false;
#else
    constexpr std::uintptr_t page = 4096;
    const auto end = reinterpret_cast<std::uintptr_t>(text.data() + text.size());
    return end % page != 0 && end % page + simdjson::SIMDJSON_PADDING <= page;
#endif
}

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

simdjson::error_code parser_lease::parse(std::string_view text, simdjson::dom::element& root,
                                         std::size_t depth) {
    state& s = *state_;
    // Newer versions of simdjson skip a byte order mark, which Python's json refuses.
    if (text.starts_with("\xEF\xBB\xBF")) return simdjson::TAPE_ERROR;
    // The parser counts the document itself as a level.
    depth = depth < simdjson::DEFAULT_MAX_DEPTH ? depth + 1 : simdjson::DEFAULT_MAX_DEPTH;
    simdjson::dom::parser& parser = text.size() <= tiny ? s.tiny_parser : s.parser;
    if (parser.capacity() < text.size() || parser.max_depth() != depth) {
        const std::size_t room =
            std::max({text.size() + text.size() / 2, parser.capacity(), std::size_t{4096}});
        if (const auto error = parser.allocate(text.size() <= tiny ? tiny : room, depth)) return error;
        if (text.size() <= tiny) use_plain_code(parser, depth);
        s.capacity = std::max(s.capacity, s.parser.capacity());
    }
    if (may_read_beyond(text)) return parser.parse(text.data(), text.size(), false).get(root);
    const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (needed > s.room) {
        const std::size_t grown = needed < 4096 ? 4096 : needed + needed / 2;
        s.buffer.reset(new (std::nothrow) char[grown]);
        s.room = s.buffer ? grown : 0;
        if (!s.buffer) return simdjson::MEMALLOC;
        s.capacity = std::max(s.capacity, grown);
    }
    text.copy(s.buffer.get(), text.size());  // not memcpy: an empty text may have no address
    std::memset(s.buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return parser.parse(s.buffer.get(), text.size(), false).get(root);
}

}  // namespace chanx::validate
