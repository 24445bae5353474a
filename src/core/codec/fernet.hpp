// Fernet tokens (AES-128-CBC, HMAC-SHA256), with keys made from secrets the way the Redis channel layers of
// Channels make them: the SHA-256 of the secret. The first secret encrypts, all of them decrypt.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace chanx::codec {

class fernet {
public:
    using clock = std::chrono::system_clock;

    explicit fernet(const std::vector<std::string>& secrets);

    std::string encrypt(std::string_view plain, clock::time_point now = clock::now()) const;
    // With a time to live, tokens older than that, or dated more than a minute ahead, are refused.
    std::error_code decrypt(std::string_view token, std::optional<std::chrono::seconds> live,
                            std::string& plain, clock::time_point now = clock::now()) const;

private:
    struct key {
        unsigned char signing[16];
        unsigned char encryption[16];
    };
    std::vector<key> keys_;
};

}  // namespace chanx::codec
