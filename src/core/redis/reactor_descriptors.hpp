// The descriptors that Asio's reactor keeps for itself. A forked child has copies of them and no use for
// them; Asio offers no way to close them without its locks, which another thread may have held at the fork.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>

namespace chanx::redis {

// Unused places hold -1.
using reactor_descriptors = std::array<int, 3>;

reactor_descriptors descriptors_of(boost::asio::io_context& context);

}  // namespace chanx::redis
