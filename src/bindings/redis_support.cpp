#include "bindings/redis_support.hpp"

#include "core/error.hpp"

#include <pybind11/stl.h>

#include <functional>
#include <unordered_map>

namespace py = pybind11;

namespace chanx::bindings {
namespace {

using setter = std::function<void(redis::options&, py::handle)>;

duration seconds(py::handle value) { return from_seconds(value.cast<double>()); }

redis::address address_of(py::handle pair) {
    const auto parts = pair.cast<std::pair<std::string, std::uint16_t>>();
    redis::address made;
    made.host = parts.first;
    made.port = parts.second;
    return made;
}

redis::tls_options tls_of(py::handle value) {
    redis::tls_options tls;
    if (value.is_none()) return tls;
    tls.enabled = true;
    for (const auto& [key, item] : value.cast<py::dict>()) {
        const auto name = key.cast<std::string>();
        if (name == "verify")
            tls.verify = item.cast<bool>();
        else if (name == "check_hostname")
            tls.check_hostname = item.cast<bool>();
        else if (name == "ca_file")
            tls.ca_file = item.cast<std::string>();
        else if (name == "ca_path")
            tls.ca_path = item.cast<std::string>();
        else if (name == "ca_data")
            tls.ca_data = item.cast<std::string>();
        else if (name == "cert_file")
            tls.cert_file = item.cast<std::string>();
        else if (name == "key_file")
            tls.key_file = item.cast<std::string>();
        else if (name == "key_password")
            tls.key_password = item.cast<std::string>();
        else if (name == "ciphers")
            tls.ciphers = item.cast<std::string>();
        else if (name == "min_version")
            tls.min_version = item.cast<int>();
        else
            throw py::type_error("unknown TLS option '" + name + "'");
    }
    return tls;
}

const std::unordered_map<std::string, setter>& setters() {
    using redis::options;
    static const auto* const table = new std::unordered_map<std::string, setter>{
        {"host", [](options& o, py::handle v) { o.where.host = v.cast<std::string>(); }},
        {"port", [](options& o, py::handle v) { o.where.port = v.cast<std::uint16_t>(); }},
        {"unix_path", [](options& o, py::handle v) { o.where.unix_path = v.cast<std::string>(); }},
        {"username", [](options& o, py::handle v) { o.login.user = v.cast<std::string>(); }},
        {"password", [](options& o, py::handle v) { o.login.password = v.cast<std::string>(); }},
        {"database", [](options& o, py::handle v) { o.database = v.cast<int>(); }},
        {"client_name", [](options& o, py::handle v) { o.client_name = v.cast<std::string>(); }},
        {"tls", [](options& o, py::handle v) { o.tls = tls_of(v); }},
        {"sentinels",
         [](options& o, py::handle v) {
             for (const auto item : v) o.sentinels.push_back(address_of(item));
             o.require_master = !o.sentinels.empty();
         }},
        {"cluster",
         [](options& o, py::handle v) {
             for (const auto item : v) o.cluster.push_back(address_of(item));
         }},
        {"sharded_pubsub", [](options& o, py::handle v) { o.sharded_pubsub = v.cast<bool>(); }},
        {"master_name", [](options& o, py::handle v) { o.master_name = v.cast<std::string>(); }},
        {"sentinel_username",
         [](options& o, py::handle v) { o.sentinel_login.user = v.cast<std::string>(); }},
        {"sentinel_password",
         [](options& o, py::handle v) { o.sentinel_login.password = v.cast<std::string>(); }},
        {"sentinel_tls", [](options& o, py::handle v) { o.sentinel_tls = tls_of(v); }},
        {"scripts", [](options& o, py::handle v) { o.scripts = v.cast<std::vector<std::string>>(); }},
        {"connect_timeout", [](options& o, py::handle v) { o.connect_timeout = seconds(v); }},
        {"command_timeout", [](options& o, py::handle v) { o.command_timeout = seconds(v); }},
        {"keepalive", [](options& o, py::handle v) { o.keepalive = seconds(v); }},
        {"tcp_keepalive", [](options& o, py::handle v) { o.tcp_keepalive = v.cast<bool>(); }},
        {"patience", [](options& o, py::handle v) { o.patience = seconds(v); }},
        {"backlog_bytes", [](options& o, py::handle v) { o.backlog_bytes = v.cast<std::size_t>(); }},
        {"backoff_first", [](options& o, py::handle v) { o.backoff_first = seconds(v); }},
        {"backoff_most", [](options& o, py::handle v) { o.backoff_most = seconds(v); }},
    };
    return *table;
}

const char* exception_of(const redis::failure& why) noexcept {
    using redis::errc;
    switch (static_cast<errc>(why.code.value())) {
        case errc::timed_out: return "RedisTimeoutError";
        case errc::backlog_full: return "RedisBacklogError";
        case errc::wrong_password: return "RedisAuthenticationError";
        case errc::wrong_database: return "RedisDatabaseError";
        case errc::no_permission: return "RedisPermissionError";
        case errc::out_of_memory: return "RedisMemoryError";
        case errc::read_only: return "RedisReadOnlyError";
        case errc::connection_failed:
        case errc::connection_lost:
        case errc::closed:
        case errc::tls_failed:
        case errc::no_master:
        case errc::loading:
        case errc::protocol_error: return "RedisConnectionError";
        case errc::no_script:
        case errc::moved:
        case errc::ask:
        case errc::cluster_down:
        case errc::server_error: break;
    }
    return "RedisResponseError";
}

py::object exception_type(const redis::failure& why) {
    return py::module_::import("chanx.exceptions").attr(exception_of(why));
}

}  // namespace

redis::options redis_options(const py::dict& given) {
    redis::options made;
    for (const auto& [key, value] : given) {
        const auto name = key.cast<std::string>();
        const auto found = setters().find(name);
        if (found == setters().end()) throw py::type_error("unknown connection option '" + name + "'");
        found->second(made, value);
    }
    return made;
}

void set_redis_error(const redis::failure& why) {
    if (why.code == chanx::errc::channel_full) {
        const auto full = py::module_::import("channels.exceptions").attr("ChannelFull");
        PyErr_SetString(full.ptr(), why.text.c_str());
        return;
    }
    if (why.code == chanx::errc::not_serializable) {
        PyErr_SetString(PyExc_TypeError, why.text.c_str());
        return;
    }
    PyErr_SetString(exception_type(why).ptr(), why.text.c_str());
}

void throw_redis_error(const redis::failure& why) {
    set_redis_error(why);
    throw py::error_already_set();
}

py::object redis_value(const redis::client& from, const redis::reply& value) {
    using kind = redis::reply::kind;
    switch (value.type) {
        case kind::nil: return py::none();
        case kind::integer: return py::int_(value.number);
        case kind::status: return py::str(value.text);
        case kind::string: return py::bytes(value.text);
        case kind::error: {
            const auto why = from.describe(value);
            return exception_type(why)(why.text);
        }
        case kind::array: break;
    }
    py::list items;
    for (const auto& item : value.items) items.append(redis_value(from, item));
    return items;
}

}  // namespace chanx::bindings
