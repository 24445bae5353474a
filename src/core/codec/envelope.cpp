#include "core/codec/envelope.hpp"

#include <openssl/rand.h>

#include <stdexcept>

#include "core/codec/json_scan.hpp"
#include "core/codec/msgpack.hpp"

namespace chanx::codec {
namespace {

constexpr std::chrono::seconds GRACE{10};

std::error_code scan_msgpack(std::string_view body, header& out) {
    msgpack_reader reader(body);
    const auto top = reader.next();
    if (top.kind == msgpack_kind::broken || top.kind == msgpack_kind::end) return errc::malformed;
    if (top.kind != msgpack_kind::map) return errc::not_a_message;
    out.pairs = top.natural;
    bool twice = false;
    for (std::uint64_t pair = 0; pair < top.natural; ++pair) {
        const auto pair_at = reader.position();
        const auto key = reader.next();
        const auto before = reader;
        if (key.kind == msgpack_kind::broken || key.kind == msgpack_kind::end) return errc::malformed;
        if (key.kind != msgpack_kind::text && key.kind != msgpack_kind::binary) return errc::not_a_message;
        const bool text = key.kind == msgpack_kind::text;
        if (text && key.bytes == "type") {
            const auto value = reader.next();
            out.type.clear();
            if (value.kind == msgpack_kind::text) out.type = value.bytes;
            reader = before;
        } else if (text && key.bytes == ADDRESS_KEY) {
            const auto value = reader.next();
            out.channels.clear();
            out.addressed = out.to_many = false;
            twice = twice || out.address_at > 0;
            out.address_at = pair_at;
            if (value.kind == msgpack_kind::text) {
                out.channels.push_back(value.bytes);
                out.addressed = true;
            } else if (value.kind == msgpack_kind::array) {
                out.addressed = out.to_many = true;
                out.channels.reserve(value.natural);
                for (std::uint64_t i = 0; i < value.natural; ++i) {
                    const auto name = reader.next();
                    if (name.kind != msgpack_kind::text) return errc::unaddressed;
                    out.channels.push_back(name.bytes);
                }
            } else {
                reader = before;
                if (!reader.skip()) return errc::malformed;
            }
            out.address_size = twice ? 0 : reader.position() - pair_at;
            continue;
        }
        if (!reader.skip()) return errc::malformed;
    }
    return reader.next().kind == msgpack_kind::end ? std::error_code{} : errc::malformed;
}

std::error_code scan_json(std::string_view body, header& out) {
    json_scanner reader(body);
    if (reader.peek() == '\0') return errc::malformed;
    if (!reader.enter('{')) return errc::not_a_message;
    std::string key;
    for (bool more = true;;) {
        if (!reader.next_item('}', more)) return errc::malformed;
        if (!more) break;
        if (!reader.string(key) || !reader.colon()) return errc::malformed;
        if (key == "type" && reader.peek() == '"') {
            if (!reader.string(out.type)) return errc::malformed;
        } else if (key == ADDRESS_KEY && reader.peek() == '"') {
            out.addressed = true;
            out.to_many = false;
            if (!reader.string(out.unescaped.emplace_back())) return errc::malformed;
            out.channels.assign(1, out.unescaped.back());
        } else if (key == ADDRESS_KEY && reader.peek() == '[') {
            out.channels.clear();
            out.addressed = out.to_many = true;
            reader.enter('[');
            for (;;) {
                if (!reader.next_item(']', more)) return errc::malformed;
                if (!more) break;
                if (!reader.string(out.unescaped.emplace_back())) return errc::unaddressed;
                out.channels.push_back(out.unescaped.back());
            }
        } else {
            if (key == "type") out.type.clear();
            if (!reader.skip_value()) return errc::malformed;
        }
    }
    return reader.peek() == '\0' ? std::error_code{} : errc::malformed;
}

// Names are ASCII in every layer that addresses messages; what is not is escaped, so that the result is JSON
// always.
void append_json_string(std::string& out, std::string_view text) {
    static constexpr char HEX[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (code < 0x20) {
            out += "\\u00";
            out += HEX[code >> 4];
            out += HEX[code & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

template <class Write>
std::string extended(format how, std::string_view body, std::size_t more, Write write) {
    std::string out;
    out.reserve(body.size() + ADDRESS_KEY.size() + more + 16);
    if (how == format::msgpack) {
        msgpack_reader reader(body);
        const auto top = reader.next();
        if (top.kind != msgpack_kind::map) throw std::invalid_argument("an envelope's body is a map");
        msgpack_writer writer(out);
        writer.map(top.natural + 1);
        out += body.substr(reader.position());
        writer.text(ADDRESS_KEY);
    } else {
        if (!body.starts_with('{') || !body.ends_with('}'))
            throw std::invalid_argument("an envelope's body is an object");
        out += body.substr(0, body.size() - 1);
        if (body != "{}") out += ", ";
        append_json_string(out, ADDRESS_KEY);
        out += ": ";
    }
    write(out);
    if (how == format::json) out += '}';
    return out;
}

}  // namespace

std::error_code scan(format how, std::string_view body, header& out) {
    out = {};
    return how == format::msgpack ? scan_msgpack(body, out) : scan_json(body, out);
}

std::string with_address(format how, std::string_view body, std::string_view channel) {
    return extended(how, body, channel.size(), [&](std::string& out) {
        if (how == format::msgpack) {
            msgpack_writer(out).text(channel);
        } else {
            append_json_string(out, channel);
        }
    });
}

std::string with_address(format how, std::string_view body, std::span<const std::string_view> channels) {
    std::size_t size = 0;
    for (const auto name : channels) size += name.size() + 4;
    return extended(how, body, size, [&](std::string& out) {
        if (how == format::msgpack) {
            msgpack_writer writer(out);
            writer.array(channels.size());
            for (const auto name : channels) writer.text(name);
            return;
        }
        out += '[';
        for (std::size_t i = 0; i < channels.size(); ++i) {
            if (i > 0) out += ", ";
            append_json_string(out, channels[i]);
        }
        out += ']';
    });
}

std::string without_address(format how, std::string_view body, const header& found) {
    if (how != format::msgpack || found.address_size == 0) return std::string(body);
    std::string out;
    out.reserve(body.size() - found.address_size + 4);
    msgpack_reader reader(body);
    reader.next();
    msgpack_writer(out).map(found.pairs - 1);
    out.append(body, reader.position(), found.address_at - reader.position());
    out.append(body, found.address_at + found.address_size);
    return out;
}

sealer::sealer(seal_options how) : prefix_length_(how.prefix_length) {
    if (how.expiry) live_ = *how.expiry + GRACE;
    if (!how.keys.empty()) fernet_ = std::make_unique<const fernet>(how.keys);
}

std::string sealer::seal(std::string_view body) const {
    std::string token;
    if (fernet_) {
        token = fernet_->encrypt(body);
        body = token;
    }
    std::string sealed;
    sealed.reserve(prefix_length_ + body.size());
    sealed.resize(prefix_length_);
    if (prefix_length_ > 0 &&
        RAND_bytes(reinterpret_cast<unsigned char*>(sealed.data()), static_cast<int>(prefix_length_)) != 1) {
        throw std::runtime_error("OpenSSL: no random bytes");
    }
    sealed += body;
    return sealed;
}

std::error_code sealer::open(std::string_view sealed, std::string& plain, std::string_view& body) const {
    if (sealed.size() < prefix_length_) return errc::too_short;
    body = sealed.substr(prefix_length_);
    if (!fernet_) return {};
    const auto error = fernet_->decrypt(body, live_, plain);
    body = plain;
    return error;
}

}  // namespace chanx::codec
