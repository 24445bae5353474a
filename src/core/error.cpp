#include "core/error.hpp"

#include <string>

namespace chanx {
namespace {

class core_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "chanx"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::channel_full: return "the channel is full";
            case errc::invalid_name: return "invalid channel or group name";
            case errc::closed: return "the layer is closed";
            case errc::timed_out: return "the operation timed out";
            case errc::not_serializable: return "the message cannot be serialized";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& category() noexcept {
    static const core_category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace chanx
