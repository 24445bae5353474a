// Which of several hosts a name belongs to, as every process of a fleet has to agree on it.
#pragma once

#include <boost/crc.hpp>
#include <cstddef>
#include <string_view>

namespace chanx::redis {

inline std::size_t shard_of(std::string_view name, std::size_t hosts) {
    if (hosts <= 1) return 0;
    boost::crc_32_type crc;
    crc.process_bytes(name.data(), name.size());
    return static_cast<std::size_t>((crc.checksum() & 0xfffU) / (4096.0 / static_cast<double>(hosts)));
}

}  // namespace chanx::redis
