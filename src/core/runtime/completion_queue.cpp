#include "core/runtime/completion_queue.hpp"

#include <iterator>

namespace chanx {

bool completion_queue::post(ref<completion> item) {
    if (closed()) return false;
    const std::lock_guard lock(mutex_);
    pending_.push_back(std::move(item));
    return pending_.size() == 1;
}

bool completion_queue::post(std::vector<ref<completion>>& batch) {
    if (batch.empty() || closed()) return false;
    const std::lock_guard lock(mutex_);
    const bool was_empty = pending_.empty();
    pending_.insert(pending_.end(), std::make_move_iterator(batch.begin()),
                    std::make_move_iterator(batch.end()));
    return was_empty;
}

void completion_queue::close() noexcept {
    closed_.store(true, std::memory_order_release);
    std::vector<ref<completion>> dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(pending_);
}

bool completion_queue::drain() {
    turns_.fetch_add(1, std::memory_order_relaxed);
    // Local while it is in use: a delivery may run the loop, and this drain, once more inside itself.
    std::vector<ref<completion>> batch;
    batch.swap(spare_);
    {
        const std::lock_guard lock(mutex_);
        batch.swap(pending_);
    }
    interrupted_ = false;
    drain_budget budget(BUDGET);
    std::size_t done = 0;
    std::vector<ref<completion>> again;
    while (done < batch.size() && !interrupted_) {
        if (!batch[done]->run(*this, budget)) again.push_back(std::move(batch[done]));
        ++done;
        if (budget.spent()) break;
    }
    const bool left = done < batch.size() || !again.empty();
    if (left && !closed()) {
        // What was not reached goes first, then what stopped half-way: no channel starves the others.
        std::vector<ref<completion>> rest(
            std::make_move_iterator(batch.begin() + static_cast<std::ptrdiff_t>(done)),
            std::make_move_iterator(batch.end()));
        rest.insert(rest.end(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
        const std::lock_guard lock(mutex_);
        rest.insert(rest.end(), std::make_move_iterator(pending_.begin()),
                    std::make_move_iterator(pending_.end()));
        pending_.swap(rest);
    }
    batch.clear();
    spare_.swap(batch);
    return left;
}

}  // namespace chanx
