#include "core/redis/request.hpp"

#include <charconv>

namespace chanx::redis {
namespace {

void append_header(std::string& out, char mark, std::size_t value) {
    char digits[24];
    digits[0] = mark;
    char* end = std::to_chars(digits + 1, digits + sizeof digits - 2, value).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

void request::begin(std::size_t arguments) {
    append_header(bytes_, '*', arguments);
    ++commands_;
}

void request::argument(std::string_view value) {
    append_header(bytes_, '$', value.size());
    bytes_.append(value);
    bytes_.append("\r\n", 2);
}

}  // namespace chanx::redis
