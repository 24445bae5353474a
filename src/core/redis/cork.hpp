// What a thread gives in a row goes out in few writes: the first command at once, since nothing is under way,
// the others when the thread's event loop has finished its turn, or a good deal has gathered.
#pragma once

#include <memory>
#include <utility>

namespace chanx::redis {

// Something that holds commands back.
class corked {
public:
    virtual ~corked() = default;
    // Writes them. By any thread that holds no lock of the core.
    virtual void uncork() noexcept = 0;
};

class cork {
public:
    // In force for what this thread gives within the scope.
    class scope {
    public:
        explicit scope(cork& mine) noexcept : before_(std::exchange(current_, &mine)) {}
        ~scope() { current_ = before_; }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;

    private:
        cork* const before_;
    };

    // Null: nothing tells when the thread's turn ends.
    static cork* current() noexcept { return current_; }
    // Calls uncork() when the turn ends. False when that cannot be arranged.
    virtual bool hold(std::shared_ptr<corked> what) noexcept = 0;

protected:
    ~cork() = default;

private:
    static inline thread_local cork* current_ = nullptr;
};

}  // namespace chanx::redis
