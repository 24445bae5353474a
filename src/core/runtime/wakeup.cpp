#include "core/runtime/wakeup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace chanx {

#ifdef __linux__

wakeup::wakeup() : read_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), write_(read_) {
    if (read_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

wakeup::~wakeup() { ::close(read_); }

#else

wakeup::wakeup() {
    int ends[2];
    if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    read_ = ends[0];
    write_ = ends[1];
    for (const int end : ends) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
    }
}

wakeup::~wakeup() {
    ::close(read_);
    ::close(write_);
}

#endif

void wakeup::fire() noexcept {
    // A full pipe or counter is as readable as can be, so EAGAIN is success.
    const std::uint64_t one = 1;
    while (::write(write_, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void wakeup::clear() noexcept {
    std::uint64_t sink[32];
    for (;;) {
        const auto count = ::read(read_, sink, sizeof sink);
        if (count < 0 && errno == EINTR) continue;
        if (count < static_cast<ssize_t>(sizeof sink)) return;
    }
}

}  // namespace chanx
