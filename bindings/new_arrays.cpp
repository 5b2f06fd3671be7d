#include "new_arrays.hpp"

#include <string>

#include "arguments.hpp"

namespace py = pybind11;
using nb201store::integers;

namespace new_arrays {
namespace {

template <class T>
integers view_as(const py::array& array) {
    return {static_cast<const T*>(array.data()), static_cast<std::size_t>(array.size())};
}

/// REQUIRES: C-contiguous, aligned, native byte order, kind 'i' or 'u'.
integers view_of(const py::array& array) {
    const bool is_signed = array.dtype().kind() == 'i';
    switch (array.itemsize()) {
        case 1:
            return is_signed ? view_as<std::int8_t>(array) : view_as<std::uint8_t>(array);
        case 2:
            return is_signed ? view_as<std::int16_t>(array) : view_as<std::uint16_t>(array);
        case 4:
            return is_signed ? view_as<std::int32_t>(array) : view_as<std::uint32_t>(array);
        default:
            return is_signed ? view_as<std::int64_t>(array) : view_as<std::uint64_t>(array);
    }
}

/// What numpy makes of an object, as native integers in C order; else `refuse(found)`.
template <class Refuse>
py::array integer_array(py::handle given, const Refuse& refuse) {
    if (py::hasattr(given, "mask") && py::isinstance<py::array>(given) &&
        py::cast<bool>(given.attr("mask").attr("any")()))
        refuse("a masked array with masked elements");  // what lies under a mask is no question
    const py::array array = py::array::ensure(given);
    if (!array) {
        PyErr_Clear();
        refuse(arguments::found(given));
    }
    const char kind = array.dtype().kind();
    // An empty list is an array of floats to numpy; it holds nothing that could be wrong.
    if (array.size() == 0)
        return py::array_t<std::int64_t>(shape_type(array.shape(), array.shape() + array.ndim()));
    if (kind != 'i' && kind != 'u')
        refuse("an array of " + std::string(py::str(py::handle(array.dtype()))));
    const auto native = array.dtype().attr("newbyteorder")("=");
    return py::module_::import("numpy").attr("require")(array, native,
                                                        py::make_tuple("C_CONTIGUOUS", "ALIGNED"));
}

}  // namespace

index_array::index_array(py::array array) : array_(std::move(array)), view_(view_of(array_)) {}

index_array index_array::codes(py::handle given, std::uint32_t cells) {
    return index_array(integer_array(
        given, [&](const std::string& found) { nb201store::detail::refuse_code(cells, found); }));
}

index_array index_array::numbers(py::handle given, const char* what) {
    return index_array(integer_array(given, [&](const std::string& found) {
        throw nb201store::error(nb201store::errc::settings,
                                std::string(what) + " must be integers, found " + found);
    }));
}

shape_type index_array::shape() const { return {array_.shape(), array_.shape() + array_.ndim()}; }

integers index_array::spread(std::size_t count) const {
    return size() == 1 ? view_.spread(count) : view_;
}

}  // namespace new_arrays
