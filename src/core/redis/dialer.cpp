#include "core/redis/dialer.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <charconv>

#include "core/redis/connection.hpp"

namespace chanx::redis {
namespace asio = boost::asio;

struct dialer::job {
    explicit job(asio::io_context& context) : resolver(context), made(context) {}
    handler done;
    address server;
    asio::ip::tcp::resolver resolver;
    socket made;
    std::vector<asio::generic::stream_protocol::endpoint> endpoints;
    std::size_t next = 0;
    std::shared_ptr<connection> sentinel;
    bool cancelled = false;
};

dialer::dialer(asio::io_context& context, const options& how)
    : context_(context), how_(how), sentinels_(how.sentinels) {}

dialer::~dialer() { cancel(); }

void dialer::cancel() {
    if (!job_) return;
    const auto work = std::move(job_);
    work->cancelled = true;
    work->resolver.cancel();
    boost::system::error_code ignored;
    work->made.close(ignored);
    if (work->sentinel) work->sentinel->close();
}

void dialer::dial(handler done) {
    cancel();
    job_ = std::make_shared<job>(context_);
    job_->done = std::move(done);
    job_->server = how_.where;
    if (!sentinels_.empty()) {
        ask_sentinel(job_, 0, {});
    } else {
        resolve(job_);
    }
}

void dialer::finish(const std::shared_ptr<job>& work, errc code, std::string cause) {
    if (work->cancelled) return;
    work->cancelled = true;
    job_.reset();
    work->done({make_error_code(code), std::move(cause)}, std::move(work->made), work->server);
}

void dialer::ask_sentinel(std::shared_ptr<job> work, std::size_t index, std::string problems) {
    if (index == sentinels_.size()) {
        return finish(work, errc::no_master,
                      "no Sentinel knows a master '" + how_.master_name + "': " + problems);
    }
    options ask;
    ask.where = sentinels_[index];
    ask.login = how_.sentinel_login;
    ask.tls = how_.sentinel_tls;
    ask.connect_timeout = ask.command_timeout =
        how_.connect_timeout / static_cast<int>(sentinels_.size() + 1);
    ask.keepalive = duration::zero();
    work->sentinel = std::make_shared<connection>(std::move(ask), nullptr);
    request question("SENTINEL", "get-master-addr-by-name", how_.master_name);
    work->sentinel->submit(std::move(question), [this, work, index, problems](response&& answer) mutable {
        // Handled in a turn of its own: this call comes from within the connection that is to be closed.
        auto shared = std::make_shared<response>(std::move(answer));
        asio::post(context_, [this, work, index, problems = std::move(problems), shared]() mutable {
            if (work->cancelled) return;
            const std::string name = sentinels_[index].text();
            std::exchange(work->sentinel, nullptr)->close();
            std::string problem;
            if (shared->error) {
                problem = shared->error.text;
            } else if (const auto& reply = shared->replies.front(); reply.is_error()) {
                problem = name + ": " + reply.text;
            } else if (!reply.is_array() || reply.items.size() != 2) {
                problem = name + " does not know it";
            } else {
                const auto& port = reply.items[1].text;
                work->server.unix_path.clear();
                work->server.host = reply.items[0].text;
                std::from_chars(port.data(), port.data() + port.size(), work->server.port);
                std::swap(sentinels_[0], sentinels_[index]);
                return resolve(work);
            }
            ask_sentinel(work, index + 1, problems.empty() ? problem : problems + "; " + problem);
        });
    });
}

void dialer::resolve(std::shared_ptr<job> work) {
    if (!work->server.unix_path.empty()) {
        if (work->server.unix_path.size() >= 100) {
            return finish(work, errc::connection_failed, "the path of the Unix socket is too long");
        }
        work->endpoints.emplace_back(asio::local::stream_protocol::endpoint(work->server.unix_path));
        return connect_next(work, "");
    }
    boost::system::error_code bad;
    const auto numeric = asio::ip::make_address(work->server.host, bad);
    if (!bad) {
        work->endpoints.emplace_back(asio::ip::tcp::endpoint(numeric, work->server.port));
        return connect_next(work, "");
    }
    work->resolver.async_resolve(
        work->server.host, std::to_string(work->server.port), asio::ip::tcp::resolver::numeric_service,
        [this, work](const boost::system::error_code& error,
                     const asio::ip::tcp::resolver::results_type& found) {
            if (work->cancelled) return;
            if (error)
                return finish(work, errc::connection_failed, "cannot resolve the name: " + error.message());
            for (const auto& one : found) work->endpoints.emplace_back(one.endpoint());
            connect_next(work, "");
        });
}

void dialer::connect_next(std::shared_ptr<job> work, std::string problem) {
    if (work->next == work->endpoints.size())
        return finish(work, errc::connection_failed, std::move(problem));
    boost::system::error_code ignored;
    work->made.close(ignored);
    work->made.async_connect(work->endpoints[work->next++],
                             [this, work](const boost::system::error_code& error) {
                                 if (work->cancelled) return;
                                 if (error) return connect_next(work, error.message());
                                 work->cancelled = true;
                                 job_.reset();
                                 work->done({}, std::move(work->made), work->server);
                             });
}

}  // namespace chanx::redis
