// TLS without I/O: OpenSSL between two memory buffers, so that the thread that writes a command may encrypt
// it too.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/redis/options.hpp"

namespace chanx::redis {

struct ssl_deleter {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

// Certificates and policy, read once. Throws std::runtime_error that names the file that cannot be used.
class tls_context {
public:
    explicit tls_context(const tls_options& how);
    SSL_CTX* get() const noexcept { return context_.get(); }
    const tls_options& how() const noexcept { return how_; }

private:
    tls_options how_;
    std::unique_ptr<SSL_CTX, ssl_deleter> context_;
};

class tls_channel {
public:
    tls_channel(const tls_context& context, const std::string& host);

    // False when TLS failed: error() says why. What has to be sent is in pending() afterwards.
    bool handshake();
    bool established() const noexcept { return established_; }
    void encrypt(std::string_view plain);
    void received(std::string_view cipher);
    // Appends what can be decrypted. False when TLS failed or the other side said good-bye.
    bool decrypt(std::string& plain);

    std::string_view pending() noexcept;
    void sent(std::size_t bytes) noexcept;
    const std::string& error() const noexcept { return error_; }

private:
    bool check(int result);

    std::unique_ptr<SSL, ssl_deleter> ssl_;
    BIO* in_ = nullptr;   // owned by ssl_
    BIO* out_ = nullptr;  // owned by ssl_
    std::string pending_;
    std::size_t pending_at_ = 0;
    bool established_ = false;
    std::string error_;
};

}  // namespace chanx::redis
