#include "core/redis/script.hpp"

#include <openssl/evp.h>

namespace chanx::redis {
namespace {

std::string sha1(std::string_view text) {
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), raw, &size, EVP_sha1(), nullptr);
    static constexpr char HEX[] = "0123456789abcdef";
    std::string digest;
    for (unsigned int i = 0; i < size; ++i) {
        digest += HEX[raw[i] >> 4];
        digest += HEX[raw[i] & 15];
    }
    return digest;
}

request evaluation(std::string_view verb, const std::string& what, const std::vector<std::string>& keys,
                   const std::vector<std::string>& arguments) {
    request made;
    made.begin(3 + keys.size() + arguments.size());
    made.argument(verb);
    made.argument(what);
    made.argument(keys.size());
    for (const auto& key : keys) made.argument(key);
    for (const auto& argument : arguments) made.argument(argument);
    return made;
}

}  // namespace

script::script(std::string text) : text_(std::move(text)), digest_(sha1(text_)) {}

request script::by_digest(const std::vector<std::string>& keys,
                          const std::vector<std::string>& arguments) const {
    return evaluation("EVALSHA", digest_, keys, arguments);
}

request script::whole(const std::vector<std::string>& keys, const std::vector<std::string>& arguments) const {
    return evaluation("EVAL", text_, keys, arguments);
}

}  // namespace chanx::redis
