#include "core/codec/fernet.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "core/codec/base64url.hpp"
#include "core/codec/codec_error.hpp"

namespace chanx::codec {
namespace {

constexpr char VERSION = static_cast<char>(0x80);
constexpr std::size_t TIME_SIZE = 8, IV_SIZE = 16, BLOCK = 16, MAC_SIZE = 32;
constexpr std::size_t HEAD_SIZE = 1 + TIME_SIZE + IV_SIZE;
constexpr std::chrono::seconds CLOCK_SKEW{60};

const unsigned char* raw(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct cipher_deleter {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

EVP_CIPHER_CTX* cipher() {
    thread_local const std::unique_ptr<EVP_CIPHER_CTX, cipher_deleter> context(EVP_CIPHER_CTX_new());
    if (!context) throw std::bad_alloc();
    return context.get();
}

void sign(const unsigned char* key, std::string_view bytes, unsigned char* mac) {
    unsigned int size = MAC_SIZE;
    if (!HMAC(EVP_sha256(), key, 16, raw(bytes), bytes.size(), mac, &size))
        throw std::runtime_error("OpenSSL: HMAC failed");
}

}  // namespace

fernet::fernet(const std::vector<std::string>& secrets) {
    for (const auto& secret : secrets) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        SHA256(raw(secret), secret.size(), digest);
        key& made = keys_.emplace_back();
        std::memcpy(made.signing, digest, 16);
        std::memcpy(made.encryption, digest + 16, 16);
    }
}

std::string fernet::encrypt(std::string_view plain, clock::time_point now) const {
    std::string token(HEAD_SIZE, VERSION);
    auto seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    for (std::size_t i = TIME_SIZE; i > 0; --i, seconds >>= 8) token[i] = static_cast<char>(seconds & 0xff);
    auto* iv = reinterpret_cast<unsigned char*>(token.data()) + 1 + TIME_SIZE;
    if (RAND_bytes(iv, IV_SIZE) != 1) throw std::runtime_error("OpenSSL: no random bytes");
    token.resize(HEAD_SIZE + plain.size() + BLOCK + MAC_SIZE);
    auto* head = reinterpret_cast<unsigned char*>(token.data());
    int written = 0, last = 0;
    const bool fine = EVP_EncryptInit_ex(cipher(), EVP_aes_128_cbc(), nullptr, keys_.front().encryption,
                                         head + 1 + TIME_SIZE) == 1 &&
                      EVP_EncryptUpdate(cipher(), head + HEAD_SIZE, &written, raw(plain),
                                        static_cast<int>(plain.size())) == 1 &&
                      EVP_EncryptFinal_ex(cipher(), head + HEAD_SIZE + written, &last) == 1;
    if (!fine) throw std::runtime_error("OpenSSL: AES failed");
    const std::size_t size = HEAD_SIZE + static_cast<std::size_t>(written + last);
    sign(keys_.front().signing, std::string_view(token).substr(0, size), head + size);
    return base64url_encode(std::string_view(token).substr(0, size + MAC_SIZE));
}

std::error_code fernet::decrypt(std::string_view text, std::optional<std::chrono::seconds> live,
                                std::string& plain, clock::time_point now) const {
    std::string token;
    if (!base64url_decode(text, token) || token.size() < HEAD_SIZE + BLOCK + MAC_SIZE ||
        token[0] != VERSION || (token.size() - HEAD_SIZE - MAC_SIZE) % BLOCK != 0) {
        return errc::undecryptable;
    }
    if (live) {
        std::uint64_t seconds = 0;
        for (std::size_t i = 1; i <= TIME_SIZE; ++i)
            seconds = seconds << 8 | static_cast<unsigned char>(token[i]);
        const auto today = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
        const auto span = static_cast<std::uint64_t>(live->count());
        if (seconds < today && today - seconds > span) return errc::expired;
        if (seconds > today && seconds - today > static_cast<std::uint64_t>(CLOCK_SKEW.count()))
            return errc::expired;
    }
    const auto body = std::string_view(token).substr(0, token.size() - MAC_SIZE);
    const auto* head = raw(token);
    for (const auto& one : keys_) {
        unsigned char mac[MAC_SIZE];
        sign(one.signing, body, mac);
        if (CRYPTO_memcmp(mac, head + body.size(), MAC_SIZE) != 0) continue;
        plain.resize(body.size() - HEAD_SIZE + BLOCK);
        auto* to = reinterpret_cast<unsigned char*>(plain.data());
        int written = 0, last = 0;
        const bool fine = EVP_DecryptInit_ex(cipher(), EVP_aes_128_cbc(), nullptr, one.encryption,
                                             head + 1 + TIME_SIZE) == 1 &&
                          EVP_DecryptUpdate(cipher(), to, &written, head + HEAD_SIZE,
                                            static_cast<int>(body.size() - HEAD_SIZE)) == 1 &&
                          EVP_DecryptFinal_ex(cipher(), to + written, &last) == 1;
        if (!fine) return errc::undecryptable;
        plain.resize(static_cast<std::size_t>(written + last));
        return {};
    }
    return errc::undecryptable;
}

}  // namespace chanx::codec
