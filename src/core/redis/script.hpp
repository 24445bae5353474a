// A Lua script and the digest that Redis knows it by.
#pragma once

#include <string>
#include <vector>

#include "core/redis/request.hpp"

namespace chanx::redis {

class script {
public:
    explicit script(std::string text);

    const std::string& text() const noexcept { return text_; }
    const std::string& digest() const noexcept { return digest_; }  // SHA-1, in hexadecimal
    request by_digest(const std::vector<std::string>& keys, const std::vector<std::string>& arguments) const;
    request whole(const std::vector<std::string>& keys, const std::vector<std::string>& arguments) const;

private:
    std::string text_;
    std::string digest_;
};

}  // namespace chanx::redis
