// Asks the nodes of a cluster, one after the other, who serves which slot. Lives on the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "core/redis/connection.hpp"

namespace chanx::redis {

class discovery {
public:
    struct findings {
        reply slots;  // of CLUSTER SLOTS
        bool shards;  // the server knows SPUBLISH
        address asked;
    };
    // Says whether the answer can be used; an empty text when it can.
    using judge = std::function<std::string(const findings&)>;
    using handler = std::function<void(failure)>;

    discovery(boost::asio::io_context& context, const options& how);
    ~discovery();

    // One round at a time; `done` is called once unless cancel() comes first, `accept` for each answer until
    // it takes one.
    void ask(std::vector<address> candidates, judge accept, handler done);
    void cancel();
    // For a forked child.
    void abandon() noexcept;

private:
    struct round;
    void ask_next(const std::shared_ptr<round>& at);
    void heard(const std::shared_ptr<round>& at, response&& answer);
    void set_connection(std::shared_ptr<connection> next);

    boost::asio::io_context& context_;
    const options& how_;
    std::shared_ptr<round> round_;
    std::shared_ptr<connection> asking_;
};

}  // namespace chanx::redis
