// What a thread gives in one turn of its event loop goes out in few writes: the first command at once, the
// others when the turn ends, or a good deal has gathered.
#pragma once

#include <cstdint>
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
    // Another number after each turn that has brought answers.
    virtual std::uint64_t turn() const noexcept = 0;
    // Calls uncork() when the turn ends. False when that cannot be arranged.
    virtual bool hold(std::shared_ptr<corked> what) noexcept = 0;

protected:
    ~cork() = default;

private:
    static inline thread_local cork* current_ = nullptr;
};

}  // namespace chanx::redis
