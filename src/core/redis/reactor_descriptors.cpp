#include "core/redis/reactor_descriptors.hpp"

#include <boost/asio/detail/config.hpp>

#ifdef BOOST_ASIO_HAS_EPOLL
#include <boost/asio/detail/epoll_reactor.hpp>
#endif

namespace chanx::redis {

#ifdef BOOST_ASIO_HAS_EPOLL
namespace {

using reactor = boost::asio::detail::epoll_reactor;
using interrupter = boost::asio::detail::select_interrupter;

// The one way to name a private member: explicit instantiations may.
template <class Tag, typename Tag::type Member>
struct reveal {
    friend typename Tag::type member_of(Tag) { return Member; }
};
struct epoll_descriptor {
    using type = int reactor::*;
    friend type member_of(epoll_descriptor);
};
struct timer_descriptor {
    using type = int reactor::*;
    friend type member_of(timer_descriptor);
};
struct wake_descriptor {
    using type = interrupter reactor::*;
    friend type member_of(wake_descriptor);
};
template struct reveal<epoll_descriptor, &reactor::epoll_fd_>;
template struct reveal<timer_descriptor, &reactor::timer_fd_>;
template struct reveal<wake_descriptor, &reactor::interrupter_>;

}  // namespace

reactor_descriptors descriptors_of(boost::asio::io_context& context) {
    auto& of = boost::asio::use_service<reactor>(context);
    return {of.*member_of(epoll_descriptor()), of.*member_of(timer_descriptor()),
            (of.*member_of(wake_descriptor())).read_descriptor()};
}
#else
reactor_descriptors descriptors_of(boost::asio::io_context&) { return {-1, -1, -1}; }
#endif

}  // namespace chanx::redis
