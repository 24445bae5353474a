#include "core/redis/reply.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <new>

namespace chanx::redis {
namespace {

// hiredis scans what it was fed again and again; in pieces of this size that costs least.
constexpr std::size_t PIECE = 16 * 1024;

// Where the value of this task goes: its parent's next item, or a reply of its own. Items are added one by
// one, since the announced length of an array is only a claim. Only finished siblings move when their vector
// grows.
reply* place(const redisReadTask* task) {
    if (!task->parent) return new reply;
    auto& items = static_cast<reply*>(task->parent->obj)->items;
    return &items.emplace_back();
}

// No C++ exception may cross hiredis: a null result tells it that memory ran out.
template <class Fill>
void* create(const redisReadTask* task, Fill fill) noexcept {
    try {
        reply* made = place(task);
        fill(*made);
        return made;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

reply::kind kind_of(int type) noexcept {
    switch (type) {
        case REDIS_REPLY_STATUS: return reply::kind::status;
        case REDIS_REPLY_ERROR: return reply::kind::error;
        default: return reply::kind::string;
    }
}

void* create_string(const redisReadTask* task, char* text, std::size_t length) {
    return create(task, [&](reply& made) {
        made.type = kind_of(task->type);
        made.text.assign(text, length);
    });
}

// The length is an int in hiredis 0.14 and a size_t in 1.x.
template <class Length>
void* create_array(const redisReadTask* task, Length length) {
    return create(task, [&](reply& made) {
        made.type = reply::kind::array;
        made.items.reserve(std::min<std::size_t>(static_cast<std::size_t>(length), 1024));
    });
}

void* create_integer(const redisReadTask* task, long long value) {
    return create(task, [&](reply& made) {
        made.type = reply::kind::integer;
        made.number = value;
    });
}

void* create_nil(const redisReadTask* task) {
    return create(task, [](reply&) {});
}

void free_reply(void* made) { delete static_cast<reply*>(made); }

redisReplyObjectFunctions* functions() {
    static redisReplyObjectFunctions table = [] {
        redisReplyObjectFunctions made{};  // what 1.x adds for RESP3 stays null: it is never asked for
        made.createString = create_string;
        made.createArray = create_array;
        made.createInteger = create_integer;
        made.createNil = create_nil;
        made.freeObject = free_reply;
        return made;
    }();
    return &table;
}

}  // namespace

void reply_reader::deleter::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

reply_reader::reply_reader() : reader_(redisReaderCreateWithFunctions(functions())) {
    if (!reader_) throw std::bad_alloc();
}
reply_reader::~reply_reader() = default;
reply_reader::reply_reader(reply_reader&&) noexcept = default;
reply_reader& reply_reader::operator=(reply_reader&&) noexcept = default;

bool reply_reader::feed(std::string_view bytes, std::vector<reply>& out) {
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, PIECE);
        bytes.remove_prefix(piece.size());
        if (redisReaderFeed(reader_.get(), piece.data(), piece.size()) != REDIS_OK) return false;
        for (;;) {
            void* made = nullptr;
            if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) return false;
            if (!made) break;
            const std::unique_ptr<reply> whole(static_cast<reply*>(made));
            out.push_back(std::move(*whole));
        }
    }
    return true;
}

std::string reply_reader::error() const { return reader_->errstr; }

}  // namespace chanx::redis
