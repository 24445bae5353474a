#include "core/redis/wire.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace chanx::redis {
namespace {

#ifdef MSG_NOSIGNAL
constexpr int SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT;
#else
constexpr int SEND_FLAGS = MSG_DONTWAIT;  // SO_NOSIGPIPE is set on the socket
#endif
constexpr std::size_t READ_SIZE = 64 * 1024;

}  // namespace

wire::wire(int descriptor, std::unique_ptr<tls_channel> tls)
    : descriptor_(descriptor),
      tls_(std::move(tls)),
      buffer_(std::make_unique_for_overwrite<char[]>(READ_SIZE)) {
#ifdef SO_NOSIGPIPE
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

wire::status wire::failed(int code) {
    error_ = std::system_category().message(code);
    return status::closed;
}

wire::status wire::send(std::string_view bytes, std::size_t& taken) {
    taken = 0;
    while (taken < bytes.size()) {
        const auto count = ::send(descriptor_, bytes.data() + taken, bytes.size() - taken, SEND_FLAGS);
        if (count >= 0) {
            taken += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return status::blocked;
        } else if (errno != EINTR) {
            return failed(errno);
        }
    }
    return status::ok;
}

wire::status wire::send_pending() {
    for (auto bytes = tls_->pending(); !bytes.empty(); bytes = tls_->pending()) {
        std::size_t taken = 0;
        const auto result = send(bytes, taken);
        tls_->sent(taken);
        if (result != status::ok) return result;
    }
    return status::ok;
}

wire::status wire::write(std::string_view bytes, std::size_t& taken) {
    taken = 0;
    if (!tls_) return send(bytes, taken);
    // What was encrypted has to go first, and bounds what is held encrypted.
    if (const auto result = send_pending(); result != status::ok) return result;
    while (taken < bytes.size()) {
        const auto piece = bytes.substr(taken, READ_SIZE);
        tls_->encrypt(piece);
        if (!tls_->error().empty()) {
            error_ = tls_->error();
            return status::closed;
        }
        taken += piece.size();
        if (const auto result = send_pending(); result != status::ok) return result;
    }
    return status::ok;
}

wire::status wire::receive(std::string& into) {
    ssize_t count;
    do {
        count = ::recv(descriptor_, buffer_.get(), READ_SIZE, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    const int code = errno;
    if (count > 0) into.append(buffer_.get(), static_cast<std::size_t>(count));
    if (count < 0) return code == EAGAIN || code == EWOULDBLOCK ? status::blocked : failed(code);
    if (count == 0) {
        error_ = "the server closed the connection";
        return status::closed;
    }
    return static_cast<std::size_t>(count) == READ_SIZE ? status::ok : status::blocked;
}

wire::status wire::read(std::string& into) {
    if (!tls_) return receive(into);
    cipher_.clear();
    const auto result = receive(cipher_);
    tls_->received(cipher_);
    if (!tls_->established()) return result;
    if (!tls_->decrypt(into)) {
        error_ = tls_->error();
        return status::closed;
    }
    return result;
}

bool wire::advance() {
    if (!tls_ || tls_->established()) return true;
    const bool fine = tls_->handshake();
    if (!fine) error_ = tls_->error();
    // Also after a failure: the alert tells the other side why.
    if (send_pending() == status::closed) return false;
    return fine;
}

}  // namespace chanx::redis
