#include "core/redis/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <limits>
#include <stdexcept>

namespace chanx::redis {
namespace {

std::string last_error() {
    const auto code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "unknown error";
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    return text;
}

[[noreturn]] void refuse(const std::string& what) {
    throw std::runtime_error("TLS: " + what + ": " + last_error());
}

int give_password(char* buffer, int size, int, void* password) {
    const auto& text = *static_cast<const std::string*>(password);
    if (text.size() > static_cast<std::size_t>(size)) return 0;
    text.copy(buffer, text.size());
    return static_cast<int>(text.size());
}

void trust(SSL_CTX* context, const std::string& pem) {
    BIO* source = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    int found = 0;
    while (X509* certificate = PEM_read_bio_X509(source, nullptr, nullptr, nullptr)) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
        X509_free(certificate);
        ++found;
    }
    BIO_free(source);
    ERR_clear_error();
    if (found == 0) throw std::runtime_error("TLS: ssl_ca_data holds no certificate in PEM format");
}

}  // namespace

tls_context::tls_context(const tls_options& how) : how_(how), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX* context = context_.get();
    if (!context) refuse("cannot start OpenSSL");
    SSL_CTX_set_min_proto_version(context, how.min_version ? how.min_version : TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    if (!how.ciphers.empty() && SSL_CTX_set_cipher_list(context, how.ciphers.c_str()) != 1) {
        refuse("ssl_ciphers '" + how.ciphers + "'");
    }
    if (how.ca_file.empty() && how.ca_path.empty() && how.ca_data.empty())
        SSL_CTX_set_default_verify_paths(context);
    if (!how.ca_file.empty() && SSL_CTX_load_verify_locations(context, how.ca_file.c_str(), nullptr) != 1) {
        refuse("cannot read ssl_ca_certs " + how.ca_file);
    }
    if (!how.ca_path.empty() && SSL_CTX_load_verify_locations(context, nullptr, how.ca_path.c_str()) != 1) {
        refuse("cannot read ssl_ca_path " + how.ca_path);
    }
    if (!how.ca_data.empty()) trust(context, how.ca_data);
    if (!how.cert_file.empty()) {
        if (SSL_CTX_use_certificate_chain_file(context, how.cert_file.c_str()) != 1) {
            refuse("cannot read ssl_certfile " + how.cert_file);
        }
        SSL_CTX_set_default_passwd_cb(context, give_password);
        SSL_CTX_set_default_passwd_cb_userdata(context, &how_.key_password);
        const auto& key = how.key_file.empty() ? how.cert_file : how.key_file;
        if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
            refuse("cannot use ssl_keyfile " + key);
        }
    }
    // Without VERIFY_PEER OpenSSL checks nothing; a server shows a certificate in any case.
    SSL_CTX_set_verify(context, how.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
}

tls_channel::tls_channel(const tls_context& context, const std::string& host) : ssl_(SSL_new(context.get())) {
    if (!ssl_) refuse("cannot open a channel");
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    unsigned char raw[16];
    const bool numeric =
        inet_pton(AF_INET, host.c_str(), raw) == 1 || inet_pton(AF_INET6, host.c_str(), raw) == 1;
    if (!numeric && !host.empty()) SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    if (context.how().verify && context.how().check_hostname && !host.empty()) {
        X509_VERIFY_PARAM* rules = SSL_get0_param(ssl_.get());
        if (numeric) {
            X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
        } else {
            X509_VERIFY_PARAM_set1_host(rules, host.c_str(), 0);
        }
    }
}

bool tls_channel::check(int result) {
    const int why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return true;
    const auto verified = SSL_get_verify_result(ssl_.get());
    if (why == SSL_ERROR_ZERO_RETURN) {
        error_ = "the server closed the connection";
    } else if (verified != X509_V_OK) {
        error_ = std::string("certificate verification failed: ") + X509_verify_cert_error_string(verified);
        ERR_clear_error();
    } else {
        error_ = last_error();
    }
    return false;
}

bool tls_channel::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        established_ = true;
        return true;
    }
    return check(result);
}

void tls_channel::encrypt(std::string_view plain) {
    while (!plain.empty()) {
        ERR_clear_error();
        const auto piece = std::min<std::size_t>(plain.size(), std::size_t{1} << 20);
        const int taken = SSL_write(ssl_.get(), plain.data(), static_cast<int>(piece));
        if (taken <= 0) {
            check(taken);
            return;
        }
        plain.remove_prefix(static_cast<std::size_t>(taken));
    }
}

void tls_channel::received(std::string_view cipher) {
    BIO_write(in_, cipher.data(), static_cast<int>(cipher.size()));
}

bool tls_channel::decrypt(std::string& plain) {
    for (;;) {
        char piece[16 * 1024];
        ERR_clear_error();
        const int got = SSL_read(ssl_.get(), piece, sizeof piece);
        if (got <= 0) return check(got);
        plain.append(piece, static_cast<std::size_t>(got));
    }
}

std::string_view tls_channel::pending() noexcept {
    if (pending_at_ == pending_.size()) {
        pending_.clear();
        pending_at_ = 0;
        char* data = nullptr;
        const auto size = BIO_get_mem_data(out_, &data);
        if (size > 0) {
            pending_.assign(data, static_cast<std::size_t>(size));
            (void)BIO_reset(out_);
        }
    }
    return std::string_view(pending_).substr(pending_at_);
}

void tls_channel::sent(std::size_t bytes) noexcept { pending_at_ += bytes; }

}  // namespace chanx::redis
