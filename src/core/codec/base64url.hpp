// Base64 with the alphabet for URLs, padded, as Fernet tokens are written.
#pragma once

#include <string>
#include <string_view>

namespace chanx::codec {

std::string base64url_encode(std::string_view bytes);
// False when the text is no padded base64 of this alphabet.
bool base64url_decode(std::string_view text, std::string& bytes);

}  // namespace chanx::codec
