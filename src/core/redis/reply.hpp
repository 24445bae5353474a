// Replies of a server, and the parser that makes them out of bytes (hiredis' redisReader).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace chanx::redis {

struct reply {
    enum class kind : unsigned char { nil, status, error, integer, string, array };

    kind type = kind::nil;
    long long number = 0;
    std::string text;  // of a status, an error or a string
    std::vector<reply> items;

    bool is_error() const noexcept { return type == kind::error; }
    bool is_string() const noexcept { return type == kind::string || type == kind::status; }
    bool is_array() const noexcept { return type == kind::array; }
};

class reply_reader {
public:
    reply_reader();
    ~reply_reader();
    reply_reader(reply_reader&&) noexcept;
    reply_reader& operator=(reply_reader&&) noexcept;

    // Appends every reply that `bytes` completes. False when they are not the Redis protocol: error() says
    // why, and the reader is of no more use.
    bool feed(std::string_view bytes, std::vector<reply>& out);
    std::string error() const;

private:
    struct deleter {
        void operator()(redisReader* reader) const noexcept;
    };
    std::unique_ptr<redisReader, deleter> reader_;
};

}  // namespace chanx::redis
