// Memory of what came in great numbers and left again: containers and the allocator keep it until they are
// told.
#pragma once

#include <cstddef>

#include "core/runtime/clock.hpp"

namespace chanx {

// Shrinks a hash table that is nearly empty for its size. True when it did.
template <class Table>
bool shrink_if_sparse(Table& table) {
    constexpr std::size_t WORTH_IT = 4096;
    if (table.bucket_count() < WORTH_IT || table.size() * 8 > table.bucket_count()) return false;
    table.rehash(0);
    return true;
}

// Gives free memory back to the system; takes milliseconds, so for rare moments and with no lock held.
void release_free_memory() noexcept;
// The same a second later, by whoever calls release_if_due() regularly: what is to be freed may be under way.
void release_free_memory_soon(time_point now) noexcept;
void release_if_due(time_point now) noexcept;

}  // namespace chanx
