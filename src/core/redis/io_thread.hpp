// The I/O thread of the process: one for all clients, started by the first. It touches no Python, unless a
// callback does.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>

namespace chanx::redis {

class io_thread {
public:
    // The one of this process. A forked child gets a fresh one: its parent's is left alone for good.
    static std::shared_ptr<io_thread> shared();
    // Ends the thread and waits for it. Every client has to be closed before. A later shared() starts
    // another.
    static void shutdown();
    // For a forked child: closes its copies of the parent's descriptors, touches nothing else.
    static void abandon() noexcept;

    io_thread();
    ~io_thread();

    boost::asio::io_context& context() noexcept { return context_; }
    bool is_current() const noexcept { return thread_.get_id() == std::this_thread::get_id(); }
    // Runs it on the thread, at once when that is this one, and returns when it has run.
    void run(const std::function<void()>& what);

private:
    void stop();

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
};

}  // namespace chanx::redis
