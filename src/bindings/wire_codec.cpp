// _core.WireCodec: what a Redis layer puts on the wire, for tests and for layers written in Python.
#include <pybind11/stl.h>

#include <memory>

#include "bindings/init.hpp"
#include "bindings/wire.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

class wire_codec {
public:
    wire_codec(const std::string& format, std::size_t prefix_length, std::vector<std::string> keys,
               std::optional<long> expiry)
        : format_(format_of(format)), sealer_(options(prefix_length, std::move(keys), expiry)) {}

    py::bytes encode(py::handle message) const {
        std::string body;
        if (!wire_encode(format_, message.ptr(), body)) throw py::error_already_set();
        return sealer_.seal(body);
    }

    py::object decode(const py::bytes& sealed, bool drop_address) const {
        std::string plain;
        PyObject* made = wire_decode(format_, open(sealed, plain), drop_address);
        if (!made) throw py::error_already_set();
        return py::reinterpret_steal<py::object>(made);
    }

    py::tuple header(const py::bytes& sealed) const {
        std::string plain;
        codec::header found;
        check(codec::scan(format_, open(sealed, plain), found));
        py::object channels = py::none();
        if (found.to_many) {
            channels = py::cast(found.channels);
        } else if (found.addressed) {
            channels = py::cast(found.channels[0]);
        }
        return py::make_tuple(found.type, channels);
    }

    py::bytes address(const py::bytes& sealed, const py::object& to) const {
        std::string plain;
        const auto body = open(sealed, plain);
        if (py::isinstance<py::str>(to)) {
            return sealer_.seal(codec::with_address(format_, body, to.cast<std::string>()));
        }
        const auto names = to.cast<std::vector<std::string>>();
        const std::vector<std::string_view> views(names.begin(), names.end());
        return sealer_.seal(codec::with_address(format_, body, views));
    }

private:
    static codec::seal_options options(std::size_t prefix_length, std::vector<std::string> keys,
                                       std::optional<long> expiry) {
        codec::seal_options made;
        made.prefix_length = prefix_length;
        made.keys = std::move(keys);
        if (expiry) made.expiry = std::chrono::seconds(*expiry);
        return made;
    }

    static void check(std::error_code code) {
        if (!code) return;
        set_decode_error(code);
        throw py::error_already_set();
    }

    std::string_view open(const py::bytes& sealed, std::string& plain) const {
        std::string_view body;
        check(sealer_.open(sealed, plain, body));
        return body;
    }

    codec::format format_;
    codec::sealer sealer_;
};

// What a serializer that is written in Python encrypts with: the tokens of the native ones.
class crypter {
public:
    explicit crypter(const std::vector<std::string>& keys) : fernet_(keys) {}

    py::bytes encrypt(const py::bytes& plain) const { return fernet_.encrypt(std::string_view(plain)); }
    py::bytes decrypt(const py::bytes& token, std::optional<double> live) const {
        std::optional<std::chrono::seconds> seconds;
        if (live) seconds = std::chrono::seconds(static_cast<long>(*live));
        std::string plain;
        if (const auto code = fernet_.decrypt(std::string_view(token), seconds, plain)) {
            set_decode_error(code);
            throw py::error_already_set();
        }
        return plain;
    }

private:
    codec::fernet fernet_;
};

}  // namespace

codec::format format_of(const std::string& name) {
    if (name == "msgpack") return codec::format::msgpack;
    if (name == "json") return codec::format::json;
    throw py::value_error("serializer format '" + name +
                          "' is unknown; the native ones are 'msgpack' and 'json'");
}

void init_wire(py::module_& module) {
    py::class_<wire_codec>(module, "WireCodec",
                           "Serialises, encrypts and addresses messages as Redis layers do.")
        .def(py::init<const std::string&, std::size_t, std::vector<std::string>, std::optional<long>>(),
             py::arg("format") = "msgpack", py::arg("prefix_length") = 0,
             py::arg("keys") = std::vector<std::string>{}, py::arg("expiry") = py::none())
        .def("encode", &wire_codec::encode, py::arg("message"))
        .def("decode", &wire_codec::decode, py::arg("sealed"), py::arg("drop_address") = false)
        .def("header", &wire_codec::header, py::arg("sealed"),
             "The type, and the channel or the list of channels that the message is for.")
        .def("address", &wire_codec::address, py::arg("sealed"), py::arg("to"),
             "The same message, addressed to a channel or to a list of channels.");
    py::class_<crypter>(module, "Crypter", "Encrypts and decrypts as Redis layers do.")
        .def(py::init<const std::vector<std::string>&>(), py::arg("keys"))
        .def("encrypt", &crypter::encrypt, py::arg("plain"))
        .def("decrypt", &crypter::decrypt, py::arg("token"), py::arg("ttl") = py::none());
}

}  // namespace chanx::bindings
