// Methods that Python calls without pybind11's conversion of arguments, which costs more than the
// answer of a point query: self and the arguments as they come, nothing allocated.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <string>

namespace fast_call {

/// What a pybind11 object holds. REQUIRES: `self` is an instance of T's class or a subclass, which
/// the descriptor or slot that leads here has checked.
template <class T>
const T& self(PyObject* object) {
    const auto* held = reinterpret_cast<pybind11::detail::instance*>(object);
    // SAFETY: with the simple layout the first pointer is that of the one C++ value; it is null
    // until __init__ ran.
    if (held->simple_layout && held->simple_value_holder[0] != nullptr)
        return *static_cast<const T*>(held->simple_value_holder[0]);
    return *pybind11::handle(object).cast<const T*>();
}

/// The arguments of a METH_FASTCALL | METH_KEYWORDS call in the order of `names`, all required.
/// Throws a TypeError that says which is missing, unknown or given twice.
template <std::size_t N>
std::array<PyObject*, N> arguments(const char* function, const std::array<const char*, N>& names,
                                   PyObject* const* given, Py_ssize_t count, PyObject* keywords) {
    std::array<PyObject*, N> out{};
    const auto positional = static_cast<std::size_t>(count);
    if (positional > N)
        throw pybind11::type_error(std::string(function) + "() takes " + std::to_string(N) +
                                   " arguments, found " + std::to_string(positional));
    for (std::size_t i = 0; i < positional; ++i) out[i] = given[i];
    const Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
    for (Py_ssize_t k = 0; k < named; ++k) {
        PyObject* keyword = PyTuple_GET_ITEM(keywords, k);
        std::size_t at = 0;
        while (at < N && PyUnicode_CompareWithASCIIString(keyword, names[at]) != 0) ++at;
        if (at == N || out[at] != nullptr)
            throw pybind11::type_error(std::string(function) +
                                       "(): " + (at == N ? "no argument " : "given twice: ") +
                                       std::string(pybind11::repr(keyword)));
        out[at] = given[count + k];
    }
    for (std::size_t i = 0; i < N; ++i)
        if (out[i] == nullptr)
            throw pybind11::type_error(std::string(function) + "() lacks '" + names[i] + "'");
    return out;
}

/// Give a class a method. `definition` must live as long as the class.
inline void add_method(pybind11::handle type, PyMethodDef& definition) {
    const auto descriptor = pybind11::reinterpret_steal<pybind11::object>(
        PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &definition));
    if (!descriptor) throw pybind11::error_already_set();
    pybind11::setattr(type, definition.ml_name, descriptor);
}

}  // namespace fast_call
