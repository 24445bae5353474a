#include "bindings/python_values.hpp"

#include <datetime.h>
#include <structmember.h>

#include <cstdio>
#include <cstring>
#include <unordered_map>

namespace chanx::bindings {
namespace {

// Found once, held for ever.
struct classes {
    PyTypeObject* uuid = nullptr;
    Py_ssize_t uuid_int = 0, uuid_is_safe = 0;
    PyObject* unknown_safety = nullptr;
    PyTypeObject* decimal = nullptr;
    PyObject* parse_datetime = nullptr;
    std::unordered_map<int, PyObject*> zones;  // by offset in seconds
};

classes& known() {
    static classes instance;
    return instance;
}

PyObject* attribute_of(const char* module, const char* name) {
    PyObject* from = PyImport_ImportModule(module);
    if (!from) return nullptr;
    PyObject* found = PyObject_GetAttrString(from, name);
    Py_DECREF(from);
    return found;
}

bool offset_of(PyTypeObject* cls, const char* name, Py_ssize_t& out) {
    PyObject* descriptor = PyObject_GetAttrString(reinterpret_cast<PyObject*>(cls), name);
    if (!descriptor) return false;
    const bool fine = Py_IS_TYPE(descriptor, &PyMemberDescr_Type);
    if (fine)
        out = reinterpret_cast<PyMemberDescrObject*>(descriptor)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s is not a slot", name);
    Py_DECREF(descriptor);
    return fine;
}

// Pydantic's own validator makes the zones, so that they are of whatever class this version of it uses.
PyObject* datetime_parser() {
    PyObject* cls = attribute_of("pydantic_core", "SchemaValidator");
    if (!cls) return nullptr;
    PyObject* schema = Py_BuildValue("{ss}", "type", "datetime");
    PyObject* validator = schema ? PyObject_CallOneArg(cls, schema) : nullptr;
    PyObject* found = validator ? PyObject_GetAttrString(validator, "validate_python") : nullptr;
    Py_XDECREF(validator);
    Py_XDECREF(schema);
    Py_DECREF(cls);
    return found;
}

// Borrowed.
PyObject* zone_of(int offset) {
    auto& zones = known().zones;
    if (const auto found = zones.find(offset); found != zones.end()) return found->second;
    char text[40] = "2000-01-02T00:00:00Z";
    const int minutes = (offset < 0 ? -offset : offset) / 60;
    if (offset != 0)
        std::snprintf(text, sizeof text, "2000-01-02T00:00:00%c%02d:%02d", offset < 0 ? '-' : '+',
                      minutes / 60, minutes % 60);
    PyObject* string = PyUnicode_FromString(text);
    PyObject* moment = string ? PyObject_CallOneArg(known().parse_datetime, string) : nullptr;
    PyObject* zone = moment ? PyObject_GetAttrString(moment, "tzinfo") : nullptr;
    Py_XDECREF(moment);
    Py_XDECREF(string);
    if (zone) zones.emplace(offset, zone);  // at most 2879 of them
    return zone;
}

PyObject* zone_of(const validate::time_parts& parts) {
    return parts.has_offset ? zone_of(parts.offset) : Py_None;
}

// The offset of a time or datetime in minutes; false for one that has to be asked in other ways.
bool utc_offset(PyObject* value, PyObject* zone, bool& has_offset, int& minutes) {
    has_offset = zone != Py_None;
    minutes = 0;
    if (!has_offset || zone == PyDateTime_TimeZone_UTC) return true;
    for (const auto& [offset, own] : known().zones) {
        if (own == zone) {
            minutes = offset / 60;
            return true;
        }
    }
    PyObject* utc = zone_of(0);
    if (!utc || Py_TYPE(utc) != Py_TYPE(zone)) return false;
    PyObject* delta = PyObject_CallMethod(value, "utcoffset", nullptr);
    bool fine = delta && PyDelta_Check(delta) && PyDateTime_DELTA_GET_MICROSECONDS(delta) == 0;
    if (fine) {
        const int seconds = PyDateTime_DELTA_GET_DAYS(delta) * 86400 + PyDateTime_DELTA_GET_SECONDS(delta);
        fine = seconds % 60 == 0;
        minutes = seconds / 60;
    }
    Py_XDECREF(delta);
    return fine;
}

char* two(char* out, int number) {
    *out++ = static_cast<char>('0' + number / 10);
    *out++ = static_cast<char>('0' + number % 10);
    return out;
}

char* put_date(char* out, int year, int month, int day) {
    out = two(two(out, year / 100), year % 100);
    *out++ = '-';
    out = two(out, month);
    *out++ = '-';
    return two(out, day);
}

char* put_time(char* out, int hour, int minute, int second, int microsecond) {
    out = two(out, hour);
    *out++ = ':';
    out = two(out, minute);
    *out++ = ':';
    out = two(out, second);
    if (microsecond) {
        *out++ = '.';
        out = two(two(two(out, microsecond / 10000), microsecond / 100 % 100), microsecond % 100);
    }
    return out;
}

char* put_offset(char* out, bool has_offset, int minutes) {
    if (!has_offset) return out;
    if (minutes == 0) {
        *out++ = 'Z';
        return out;
    }
    *out++ = minutes < 0 ? '-' : '+';
    if (minutes < 0) minutes = -minutes;
    out = two(out, minutes / 60);
    *out++ = ':';
    return two(out, minutes % 60);
}

}  // namespace

bool prepare_values() {
    classes& all = known();
    if (all.parse_datetime) return true;
    PyDateTime_IMPORT;
    if (!PyDateTimeAPI) return false;
    PyObject* uuid = attribute_of("uuid", "UUID");
    PyObject* safety = uuid ? attribute_of("uuid", "SafeUUID") : nullptr;
    all.unknown_safety = safety ? PyObject_GetAttrString(safety, "unknown") : nullptr;
    all.uuid = reinterpret_cast<PyTypeObject*>(uuid);
    PyObject* decimal = all.unknown_safety ? attribute_of("decimal", "Decimal") : nullptr;
    all.decimal = reinterpret_cast<PyTypeObject*>(decimal);
    Py_XDECREF(safety);
    if (!decimal || !offset_of(all.uuid, "int", all.uuid_int) ||
        !offset_of(all.uuid, "is_safe", all.uuid_is_safe))
        return false;
    all.parse_datetime = datetime_parser();
    return all.parse_datetime != nullptr;
}

PyObject* make_date(const validate::date_parts& p) { return PyDate_FromDate(p.year, p.month, p.day); }

PyObject* make_time(const validate::time_parts& p) {
    PyObject* zone = zone_of(p);
    if (!zone) return nullptr;
    return PyDateTimeAPI->Time_FromTime(p.hour, p.minute, p.second, p.microsecond, zone,
                                        PyDateTimeAPI->TimeType);
}

PyObject* make_datetime(const validate::datetime_parts& p) {
    PyObject* zone = zone_of(p.time);
    if (!zone) return nullptr;
    return PyDateTimeAPI->DateTime_FromDateAndTime(p.date.year, p.date.month, p.date.day, p.time.hour,
                                                   p.time.minute, p.time.second, p.time.microsecond, zone,
                                                   PyDateTimeAPI->DateTimeType);
}

PyObject* make_duration(const validate::duration_parts& p) {
    return PyDelta_FromDSU(static_cast<int>(p.days), static_cast<int>(p.seconds), p.microseconds);
}

PyObject* make_uuid(const validate::uuid_bytes& bytes) {
    const classes& all = known();
    PyObject* number = _PyLong_FromByteArray(bytes.data(), bytes.size(), 0, 0);
    if (!number) return nullptr;
    PyObject* made = all.uuid->tp_alloc(all.uuid, 0);
    if (!made) {
        Py_DECREF(number);
        return nullptr;
    }
    char* at = reinterpret_cast<char*>(made);
    *reinterpret_cast<PyObject**>(at + all.uuid_int) = number;
    *reinterpret_cast<PyObject**>(at + all.uuid_is_safe) = Py_NewRef(all.unknown_safety);
    return made;
}

PyObject* make_decimal(std::string_view text) {
    PyObject* string = PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    if (!string) return nullptr;
    PyObject* made = PyObject_CallOneArg(reinterpret_cast<PyObject*>(known().decimal), string);
    Py_DECREF(string);
    return made;
}

bool date_text(PyObject* value, char* out, std::size_t& size) {
    if (!PyDate_CheckExact(value)) return false;
    size = static_cast<std::size_t>(
        put_date(out, PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value), PyDateTime_GET_DAY(value)) -
        out);
    return true;
}

bool time_text(PyObject* value, char* out, std::size_t& size) {
    bool has_offset;
    int minutes;
    if (!PyTime_CheckExact(value) ||
        !utc_offset(value, PyDateTime_TIME_GET_TZINFO(value), has_offset, minutes))
        return false;
    char* end = put_time(out, PyDateTime_TIME_GET_HOUR(value), PyDateTime_TIME_GET_MINUTE(value),
                         PyDateTime_TIME_GET_SECOND(value), PyDateTime_TIME_GET_MICROSECOND(value));
    size = static_cast<std::size_t>(put_offset(end, has_offset, minutes) - out);
    return true;
}

bool datetime_text(PyObject* value, char* out, std::size_t& size) {
    bool has_offset;
    int minutes;
    if (!PyDateTime_CheckExact(value) ||
        !utc_offset(value, PyDateTime_DATE_GET_TZINFO(value), has_offset, minutes))
        return false;
    char* end =
        put_date(out, PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value), PyDateTime_GET_DAY(value));
    *end++ = 'T';
    end = put_time(end, PyDateTime_DATE_GET_HOUR(value), PyDateTime_DATE_GET_MINUTE(value),
                   PyDateTime_DATE_GET_SECOND(value), PyDateTime_DATE_GET_MICROSECOND(value));
    size = static_cast<std::size_t>(put_offset(end, has_offset, minutes) - out);
    return true;
}

bool uuid_text(PyObject* value, char* out, std::size_t& size) {
    const classes& all = known();
    if (!Py_IS_TYPE(value, all.uuid)) return false;
    PyObject* number = *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(value) + all.uuid_int);
    if (!number || !PyLong_CheckExact(number)) return false;
    PyObject* text = PyNumber_ToBase(number, 16);  // 0x..., as many digits as it takes
    if (!text) return false;
    const Py_ssize_t digits = PyUnicode_GET_LENGTH(text) - 2;
    const char* from = reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)) + 2;
    const bool fine = digits >= 1 && digits <= 32 && from[-1] == 'x' && from[-2] == '0';
    if (fine) {
        char all_digits[32];
        std::memset(all_digits, '0', sizeof all_digits);
        std::memcpy(all_digits + 32 - digits, from, static_cast<std::size_t>(digits));
        std::size_t at = 0;
        for (int i = 0; i < 32; ++i) {
            if (i == 8 || i == 12 || i == 16 || i == 20) out[at++] = '-';
            out[at++] = all_digits[i];
        }
        size = at;
    }
    Py_DECREF(text);
    return fine;
}

bool is_spelled(schema::kind type, PyObject* value) {
    switch (type) {
        case schema::kind::date: return PyDate_CheckExact(value);
        case schema::kind::time: return PyTime_CheckExact(value);
        case schema::kind::datetime: return PyDateTime_CheckExact(value);
        case schema::kind::uuid: return Py_IS_TYPE(value, known().uuid);
        case schema::kind::decimal: return Py_IS_TYPE(value, known().decimal);
        default: return false;
    }
}

PyObject* decimal_text(PyObject* value) {
    return Py_IS_TYPE(value, known().decimal) ? PyObject_Str(value) : nullptr;
}

}  // namespace chanx::bindings
