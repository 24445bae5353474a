#include "core/redis/failure.hpp"

#include <array>
#include <utility>

namespace chanx::redis {
namespace {

class redis_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "chanx.redis"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::connection_failed: return "the server cannot be reached";
            case errc::connection_lost: return "the connection was lost";
            case errc::timed_out: return "no answer in time";
            case errc::backlog_full: return "too much is waiting to be sent";
            case errc::closed: return "the client is closed";
            case errc::wrong_password: return "authentication failed";
            case errc::wrong_database: return "the database cannot be selected";
            case errc::no_permission: return "the user may not run this command";
            case errc::tls_failed: return "TLS failed";
            case errc::out_of_memory: return "the server is out of memory";
            case errc::read_only: return "the server is a read-only replica";
            case errc::loading: return "the server is not ready";
            case errc::no_script: return "the server does not hold the script";
            case errc::moved: return "the slot lives on another node";
            case errc::ask: return "the slot is moving to another node";
            case errc::cluster_down: return "the cluster is down";
            case errc::no_master: return "no Sentinel knows the master";
            case errc::server_error: return "the server answered with an error";
            case errc::protocol_error: return "the server does not speak the Redis protocol";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& category() noexcept {
    static const redis_category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

errc classify(std::string_view error_reply) noexcept {
    static constexpr std::array<std::pair<std::string_view, errc>, 14> KNOWN{{
        {"OOM", errc::out_of_memory},
        {"READONLY", errc::read_only},
        {"LOADING", errc::loading},
        {"MASTERDOWN", errc::loading},
        {"BUSY", errc::loading},
        {"NOSCRIPT", errc::no_script},
        {"MOVED", errc::moved},
        {"ASK", errc::ask},
        {"TRYAGAIN", errc::cluster_down},
        {"CLUSTERDOWN", errc::cluster_down},
        {"NOAUTH", errc::wrong_password},
        {"WRONGPASS", errc::wrong_password},
        {"NOPERM", errc::no_permission},
        {"DENIED", errc::no_permission},
    }};
    const auto word = error_reply.substr(0, error_reply.find(' '));
    for (const auto& [name, code] : KNOWN) {
        if (word == name) return code;
    }
    return errc::server_error;
}

}  // namespace chanx::redis
