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

// Named after this process: tests/support/redis_server.py removes what processes that were killed have left.
class scratch_directory {
public:
    scratch_directory() : path_("/tmp/chanx-redis-" + std::to_string(::getpid()) + "-XXXXXX") {
        if (!::mkdtemp(path_.data())) throw std::runtime_error("no directory for redis-server in /tmp");
    }
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

class redis_process {
public:
    explicit redis_process(bool cluster = false) : port_(free_port()) {
        words_ = {"redis-server", "--port", std::to_string(port_), "--save",   "", "--dir", directory_.path(),
                  "--appendonly", "no",     "--logfile",           "/dev/null"};
        if (cluster) {
            for (const auto* word : {"--cluster-enabled", "yes", "--cluster-port"}) words_.emplace_back(word);
            words_.push_back(std::to_string(free_port()));
        }
        try {
            start();
            if (cluster) serve_all_slots();
        } catch (...) {
            stop();
            throw;
        }
    }
    ~redis_process() { stop(); }
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
    void serve_all_slots() const {
        run(redis::request("CLUSTER", "ADDSLOTSRANGE", 0, 16383));
        const auto up = [this] {
            return run(redis::request("CLUSTER", "INFO")).text.find("cluster_state:ok") != std::string::npos;
        };
        for (int i = 0; i < 500 && !up(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
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
    const scratch_directory directory_;
    std::vector<std::string> words_;
    pid_t process_ = 0;
};

}  // namespace chanx::testing
