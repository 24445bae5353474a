// What went wrong with a command or a connection: a code for programs, and a sentence for people that names
// the server and the cause. Server errors are classified by their first word, which is part of the protocol.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace chanx::redis {

enum class errc {
    connection_failed =
        1,            // the server cannot be reached: refused, unreachable, unknown host, no such socket
    connection_lost,  // the connection broke while the command was under way: it may or may not have run
    timed_out,        // no answer in the time given: it may or may not have run
    backlog_full,     // more waits to be sent or answered than the configured bound
    closed,           // the client was closed
    wrong_password,   // AUTH was refused, or is needed
    wrong_database,   // SELECT was refused
    no_permission,    // an ACL forbids the command
    tls_failed,       // handshake or certificate verification failed
    out_of_memory,    // Redis is at its maxmemory
    read_only,        // the server is a replica
    loading,          // the server is still loading its data, or its replica link is down
    no_script,        // EVALSHA of a script that the server does not hold
    moved,            // the slot lives on another node of the cluster
    ask,              // the slot is on its way to another node of the cluster
    cluster_down,     // the cluster does not serve the slot
    no_master,        // no Sentinel knows a reachable master of that name
    server_error,     // any other error reply
    protocol_error,   // the other side does not speak the Redis protocol
};

const std::error_category& category() noexcept;
std::error_code make_error_code(errc code) noexcept;

struct failure {
    std::error_code code;
    std::string text;

    explicit operator bool() const noexcept { return static_cast<bool>(code); }
    bool is(errc what) const noexcept { return code == make_error_code(what); }
};

// The class of an error reply ("OOM command not allowed ...").
errc classify(std::string_view error_reply) noexcept;

}  // namespace chanx::redis

template <>
struct std::is_error_code_enum<chanx::redis::errc> : std::true_type {};
