// A file descriptor that an event loop watches and any thread can make readable: eventfd on Linux, else a
// pipe.
#pragma once

namespace chanx {

class wakeup {
public:
    wakeup();  // throws std::system_error when the process is out of descriptors
    ~wakeup();
    wakeup(const wakeup&) = delete;
    wakeup& operator=(const wakeup&) = delete;

    int fd() const noexcept { return read_; }
    void fire() noexcept;
    void clear() noexcept;

private:
    int read_ = -1;
    int write_ = -1;
};

}  // namespace chanx
