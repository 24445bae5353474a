#include "core/redis/io_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>

#include "core/redis/reactor_descriptors.hpp"
#include "core/runtime/fork.hpp"

namespace chanx::redis {
namespace {

// One slot for each generation of the process. A child makes its own and never looks at the lock of the old
// one, which another thread may have held at the moment of the fork.
struct slot {
    explicit slot(unsigned made_in) : generation(made_in) {}
    const unsigned generation;
    std::mutex mutex;
    std::shared_ptr<io_thread> running;
    std::array<std::atomic<int>, 3> descriptors{-1, -1, -1};  // of what is running

    void note(const reactor_descriptors& all) noexcept {
        for (std::size_t i = 0; i < all.size(); ++i) descriptors[i].store(all[i]);
    }
};

std::atomic<slot*> current{nullptr};

slot& own_slot() {
    slot* found = current.load(std::memory_order_acquire);
    while (!found || found->generation != fork_generation()) {
        auto* fresh = new slot(fork_generation());
        // The old one is leaked on purpose: destroying it would touch the parent's runtime.
        if (current.compare_exchange_strong(found, fresh, std::memory_order_acq_rel)) return *fresh;
        delete fresh;
    }
    return *found;
}

}  // namespace

std::shared_ptr<io_thread> io_thread::shared() {
    slot& mine = own_slot();
    const std::lock_guard lock(mine.mutex);
    if (!mine.running) {
        mine.running = std::make_shared<io_thread>();
        mine.note(descriptors_of(mine.running->context()));
    }
    return mine.running;
}

void io_thread::abandon() noexcept {
    slot* const parents = current.load(std::memory_order_acquire);
    if (!parents || parents->generation == fork_generation()) return;
    for (auto& each : parents->descriptors) {
        const int descriptor = each.exchange(-1);
        if (descriptor >= 0) ::close(descriptor);
    }
}

void io_thread::shutdown() {
    slot& mine = own_slot();
    std::shared_ptr<io_thread> last;
    {
        const std::lock_guard lock(mine.mutex);
        last.swap(mine.running);
        mine.note({-1, -1, -1});
    }
    if (last) last->stop();
}

io_thread::io_thread() : work_(context_.get_executor()) {
    // Signals are for the main thread; a thread starts with the mask of the one that makes it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { context_.run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

io_thread::~io_thread() { stop(); }

void io_thread::run(const std::function<void()>& what) {
    if (is_current()) return what();
    std::promise<void> finished;
    boost::asio::post(context_, [&] {
        what();
        finished.set_value();
    });
    finished.get_future().wait();
}

void io_thread::stop() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

}  // namespace chanx::redis
