#include "bindings/writer_lease.hpp"

#include <utility>

namespace chanx::bindings {
namespace {

constexpr std::size_t kept_capacity = 256 * 1024;

std::unique_ptr<encode::json_writer>& spare_writer() {
    thread_local std::unique_ptr<encode::json_writer> instance;
    return instance;
}

}  // namespace

writer_lease::writer_lease() : writer_(std::move(spare_writer())) {
    if (!writer_) writer_ = std::make_unique<encode::json_writer>();
    writer_->clear();
}

writer_lease::~writer_lease() {
    if (writer_->capacity() <= kept_capacity) spare_writer() = std::move(writer_);
}

}  // namespace chanx::bindings
