// Finds the server and opens a socket to it: name resolution, each address in turn, Unix sockets, and the
// question to the Sentinels where the master is. Lives on the I/O thread.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "core/redis/failure.hpp"
#include "core/redis/options.hpp"

namespace chanx::redis {

class connection;

class dialer {
public:
    using socket = boost::asio::generic::stream_protocol::socket;
    // The failure's text is the bare cause. `server` is what was dialed: with Sentinel it changes.
    using handler = std::function<void(failure, socket, const address& server)>;

    dialer(boost::asio::io_context& context, const options& how);
    ~dialer();

    // One attempt at a time; the handler is called once unless cancel() comes first.
    void dial(handler done);
    void cancel();

private:
    struct job;
    void ask_sentinel(std::shared_ptr<job> work, std::size_t index, std::string problems);
    void resolve(std::shared_ptr<job> work);
    void connect_next(std::shared_ptr<job> work, std::string problem);
    void finish(const std::shared_ptr<job>& work, errc code, std::string cause);

    boost::asio::io_context& context_;
    const options& how_;
    std::vector<address> sentinels_;  // the one that answered last comes first
    std::shared_ptr<job> job_;
};

}  // namespace chanx::redis
