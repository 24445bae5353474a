#include "core/codec/codec_error.hpp"

#include <string>

namespace chanx::codec {
namespace {

class codec_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "chanx.codec"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::malformed: return "the bytes are cut short or in another format";
            case errc::not_a_message: return "the value is no message: a message is a map with text keys";
            case errc::unaddressed: return "the message names no channel it is for";
            case errc::too_deep: return "the message is nested too deeply";
            case errc::unsupported: return "the message holds a MessagePack extension type";
            case errc::undecryptable:
                return "the message is encrypted with none of the keys, or was tampered with";
            case errc::expired: return "the message is older than its time to live";
            case errc::too_short: return "the bytes are shorter than the random prefix";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& category() noexcept {
    static const codec_category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace chanx::codec
