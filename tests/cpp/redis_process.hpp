// A redis-server of a test's own: on a free port, without files, ended with the object.
#pragma once

#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/redis/client.hpp"

extern "C" char** environ;

namespace chanx::testing {

class redis_process {
public:
    explicit redis_process(bool cluster = false)
        : port_(free_port()), directory_("/tmp/chanx-redis-" + std::to_string(port_)) {
        std::filesystem::create_directories(directory_);
        words_ = {"redis-server", "--port", std::to_string(port_), "--save",   "", "--dir", directory_,
                  "--appendonly", "no",     "--logfile",           "/dev/null"};
        if (cluster) {
            for (const auto* word : {"--cluster-enabled", "yes", "--cluster-port"}) words_.emplace_back(word);
            words_.push_back(std::to_string(free_port()));
        }
        start();
        if (!cluster) return;
        run(redis::request("CLUSTER", "ADDSLOTSRANGE", 0, 16383));
        const auto up = [this] {
            return run(redis::request("CLUSTER", "INFO")).text.find("cluster_state:ok") != std::string::npos;
        };
        for (int i = 0; i < 500 && !up(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ~redis_process() {
        stop();
        std::filesystem::remove_all(directory_);
    }
    redis_process(const redis_process&) = delete;
    redis_process& operator=(const redis_process&) = delete;

    void start() {
        std::vector<char*> arguments;
        for (auto& word : words_) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        if (::posix_spawnp(&process_, "redis-server", nullptr, nullptr, arguments.data(), environ) != 0)
            throw std::runtime_error("these tests need redis-server: apt-get install redis-server");
        for (int i = 0; i < 500; ++i) {
            if (listens()) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        throw std::runtime_error("redis-server did not start");
    }
    void stop() {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }

    redis::address where() const {
        redis::address made;
        made.host = "127.0.0.1";
        made.port = port_;
        return made;
    }
    redis::reply run(redis::request what) const {
        redis::options how;
        how.where = where();
        const auto client = redis::client::create(how);
        auto answer = client->call(std::move(what), std::chrono::seconds(10));
        client->close();
        if (answer.error) throw std::runtime_error(answer.error.text);
        return std::move(answer.replies.front());
    }

private:
    static sockaddr_in address_of(std::uint16_t port) {
        sockaddr_in made{};
        made.sin_family = AF_INET;
        made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        made.sin_port = htons(port);
        return made;
    }
    static std::uint16_t free_port() {
        const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
        auto any = address_of(0);
        socklen_t size = sizeof any;
        ::bind(probe, reinterpret_cast<sockaddr*>(&any), size);
        ::getsockname(probe, reinterpret_cast<sockaddr*>(&any), &size);
        ::close(probe);
        return ntohs(any.sin_port);
    }
    bool listens() const {
        const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
        const auto to = address_of(port_);
        const bool yes = ::connect(probe, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
        ::close(probe);
        return yes;
    }

    const std::uint16_t port_;
    const std::string directory_;
    std::vector<std::string> words_;
    pid_t process_ = 0;
};

}  // namespace chanx::testing
