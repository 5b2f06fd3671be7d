#include "arguments.hpp"

namespace py = pybind11;

namespace arguments {
namespace {

[[noreturn]] void refuse(const std::string& expected, py::handle object) {
    throw nb201store::error(nb201store::errc::settings, expected + ", found " + found(object));
}

/// False where the object is no integer or does not fit. Leaves no Python error behind.
bool to_integer(py::handle object, std::int64_t& value) {
    int overflow = 0;
    if (PyLong_CheckExact(object.ptr())) {  // bool is a subclass
        value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
        return overflow == 0;
    }
    if (PyBool_Check(object.ptr()) || !PyIndex_Check(object.ptr())) return false;
    const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
    if (!index) {  // e.g. numpy's bool, or an array of several numbers
        PyErr_Clear();
        return false;
    }
    value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
    return overflow == 0;
}

}  // namespace

std::string found(py::handle object) {
    constexpr std::size_t k_longest = 80;
    const auto repr = py::reinterpret_steal<py::object>(PyObject_Repr(object.ptr()));
    const char* text = repr ? PyUnicode_AsUTF8(repr.ptr()) : nullptr;
    if (text == nullptr) {
        PyErr_Clear();
        return std::string("an object of type ") + Py_TYPE(object.ptr())->tp_name;
    }
    std::string out;
    for (const char* c = text; *c != '\0' && out.size() < k_longest; ++c)
        out += *c == '\n' ? ' ' : *c;
    return std::string_view(text).size() > k_longest ? out + "..." : out;
}

std::string_view name(py::handle object, const char* what) {
    if (!PyUnicode_Check(object.ptr())) refuse(std::string(what) + " must be a str", object);
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
    if (text == nullptr) {  // lone surrogates: no name in a file is that
        PyErr_Clear();
        refuse(std::string(what) + " must be ASCII", object);
    }
    return {text, static_cast<std::size_t>(size)};
}

std::optional<std::string_view> optional_name(py::handle object, const char* what) {
    if (object.is_none()) return std::nullopt;
    return name(object, what);
}

std::int64_t integer(py::handle object, const char* what) {
    std::int64_t value = 0;
    if (!to_integer(object, value)) refuse(std::string(what) + " must be an integer", object);
    return value;
}

std::int64_t code(py::handle object, std::uint32_t cells) {
    std::int64_t value = 0;
    if (!to_integer(object, value) || value < 0 || value >= std::int64_t{cells})
        nb201store::detail::refuse_code(cells, found(object));
    return value;
}

nb201store::seed_choice seed(py::handle object) {
    if (PyUnicode_Check(object.ptr())) {
        if (PyUnicode_CompareWithASCIIString(object.ptr(), "mean") == 0)
            return nb201store::mean_seed;
        refuse("seed must be an integer or \"mean\"", object);
    }
    std::int64_t value = 0;
    if (!to_integer(object, value)) refuse("seed must be an integer or \"mean\"", object);
    return value;
}

unsigned threads(py::handle object) {
    const std::int64_t value = integer(object, "threads");
    if (value < 1 || value > 1024) refuse("threads must be 1..1024", object);
    return static_cast<unsigned>(value);
}

}  // namespace arguments
