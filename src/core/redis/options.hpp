// How a connection is made, and what bounds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/clock.hpp"

namespace chanx::redis {

struct address {
    std::string host;  // name or IP address; not used when unix_path is set
    std::uint16_t port = 6379;
    std::string unix_path;

    std::string text() const {
        if (!unix_path.empty()) return "unix:" + unix_path;
        std::string text = host;
        if (host.find(':') != std::string::npos) text.insert(0, 1, '[').push_back(']');
        return text.append(1, ':').append(std::to_string(port));
    }
    bool operator==(const address&) const = default;
};

struct tls_options {
    bool enabled = false;
    bool verify = true;                     // the certificate chain
    bool check_hostname = true;             // the name in the certificate
    std::string ca_file, ca_path, ca_data;  // the system's store when all are empty
    std::string cert_file, key_file, key_password;
    std::string ciphers;
    int min_version = 0;  // as OpenSSL numbers them; 0: its default
};

struct credentials {
    std::string user;  // empty: the default user
    std::string password;
};

struct options {
    address where;
    credentials login;
    int database = 0;
    std::string client_name;
    tls_options tls;

    // With Sentinel `where` is what they say, asked anew before each connection.
    std::vector<address> sentinels;
    std::string master_name;
    credentials sentinel_login;
    tls_options sentinel_tls;
    bool require_master = false;  // check with ROLE; set with Sentinel

    // Nodes of a Redis Cluster that say where the others are; `where` means nothing then.
    std::vector<address> cluster;
    bool in_cluster = false;  // a node of one, whose redirections are followed
    // PUBLISH and SUBSCRIBE go out as SPUBLISH and SSUBSCRIBE; when not set, if the servers know these.
    std::optional<bool> sharded_pubsub;

    std::vector<std::string> scripts;  // loaded on each connection, so that EVALSHA finds them

    duration connect_timeout = std::chrono::seconds(5);  // of one attempt, handshake included
    duration command_timeout = std::chrono::seconds(10);
    duration keepalive = std::chrono::seconds(15);  // a PING after so much silence; none when zero
    duration backoff_first = std::chrono::milliseconds(50);
    duration backoff_most = std::chrono::seconds(3);
    // How long commands wait for a lost connection while attempts fail; then they fail at once, with the
    // cause.
    duration patience = std::chrono::seconds(2);
    bool tcp_keepalive = true;
    // What may wait to be written or answered.
    std::size_t backlog_bytes = std::size_t{64} << 20;

    std::string text() const {
        if (!master_name.empty()) return "master '" + master_name + "' at " + where.text();
        if (cluster.empty()) return where.text();
        std::string text = "cluster";
        for (const auto& each : cluster) text.append(text.size() > 7 ? ", " : " ").append(each.text());
        return text;
    }
};

}  // namespace chanx::redis
