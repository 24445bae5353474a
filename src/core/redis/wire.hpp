// The bytes of one connected socket, plain or TLS. Never blocks. Reading is for the I/O thread alone; writing
// is for whoever holds the connection's lock.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/redis/tls.hpp"

namespace chanx::redis {

class wire {
public:
    enum class status : unsigned char { ok, blocked, closed };

    explicit wire(int descriptor, std::unique_ptr<tls_channel> tls = {});

    // How much of `bytes` was taken; blocked when the socket took no more.
    status write(std::string_view bytes, std::size_t& taken);
    // Appends what came. ok when there may be more at once, blocked when that was all.
    status read(std::string& into);
    // Carries the TLS handshake on; nothing to do for a plain socket. False when it failed.
    bool advance();
    bool established() const noexcept { return !tls_ || tls_->established(); }
    bool encrypted() const noexcept { return tls_ != nullptr; }
    const std::string& error() const noexcept { return error_; }

private:
    status send_pending();
    status send(std::string_view bytes, std::size_t& taken);
    status receive(std::string& into);
    status failed(int code);

    int descriptor_;
    std::unique_ptr<tls_channel> tls_;
    std::unique_ptr<char[]> buffer_;
    std::string cipher_;
    std::string error_;
};

}  // namespace chanx::redis
