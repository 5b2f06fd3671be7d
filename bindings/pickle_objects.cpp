#include "pickle_objects.hpp"

#include <pybind11/numpy.h>

#include <string>
#include <string_view>
#include <utility>

namespace py = pybind11;
using nb201store::pickle::kind;

namespace {

py::object checked(PyObject* made) {
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

void check(int result) {
    if (result != 0) throw py::error_already_set();
}

py::object unicode(std::string_view text) {
    return checked(
        PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

}  // namespace

pickle_objects::pickle_objects(py::object packed, py::object weights, py::object parts)
    : packed_(std::move(packed)),
      weights_(std::move(weights)),
      parts_(std::move(parts)),
      ordered_dict_(py::module_::import("collections").attr("OrderedDict")),
      float64_(py::module_::import("numpy").attr("float64")) {}

py::object pickle_objects::object(const machine_state& state, const value& made) {
    made_.clear();
    made_.resize(state.objects.nodes.size());
    return convert(state, made);
}

// Recurses at most as deep as `finish` lets objects be nested.
py::object pickle_objects::convert(const machine_state& state, const value& made) {
    switch (made.type) {
        case kind::none:
            return py::none();
        case kind::yes:
            return py::bool_(true);
        case kind::no:
            return py::bool_(false);
        case kind::integer:
            return checked(PyLong_FromLongLong(made.integer));
        case kind::real:
            return checked(PyFloat_FromDouble(made.real));
        case kind::real64:
            return float64_(made.real);
        case kind::text:
            return text(state, made.index);
        case kind::weights:
            return weights_;
        case kind::storage_type:
            if (parts_.is_none()) return weights_;
            return py::str(std::string(nb201store::pickle::k_storages[made.index]));
        default:
            break;
    }
    py::object& cached = made_[made.index];
    if (!cached) cached = container(state, state.objects.nodes[made.index]);
    return cached;
}

py::object pickle_objects::container(const machine_state& state, const node& held) {
    // SAFETY: any object may be read as char.
    const char* bytes = reinterpret_cast<const char*>(state.objects.bytes.data()) + held.first;
    const auto size = static_cast<Py_ssize_t>(held.size);
    const value* members = state.objects.values.data() + held.first;
    switch (held.type) {
        case kind::long_text:
            return unicode({bytes, held.size});
        case kind::bytes:
            return checked(PyBytes_FromStringAndSize(bytes, size));
        case kind::long_integer:
            return py::type::of(py::int_(0))
                .attr("from_bytes")(checked(PyBytes_FromStringAndSize(bytes, size)), "little",
                                    py::arg("signed") = true);
        case kind::outside:
            if (parts_.is_none()) return weights_;
            return part("bytes", py::make_tuple(held.first, held.size));
        case kind::storage:
            return part("storage", tuple(state, held));
        case kind::loaded:
            return part("loaded", tuple(state, held));
        case kind::tensor:
            return part("tensor", tuple(state, held));
        case kind::parameter:
            return part("parameter", tuple(state, held));
        case kind::tuple:
            return tuple(state, held);
        case kind::list: {
            py::object made = checked(PyList_New(size));
            for (Py_ssize_t i = 0; i < size; ++i)
                PyList_SET_ITEM(made.ptr(), i, convert(state, members[i]).release().ptr());
            return made;
        }
        case kind::set: {
            py::object made = checked(PySet_New(nullptr));
            for (Py_ssize_t i = 0; i < size; ++i)
                check(PySet_Add(made.ptr(), convert(state, members[i]).ptr()));
            return made;
        }
        default:
            return dict(state, held);
    }
}

py::object pickle_objects::tuple(const machine_state& state, const node& held) {
    const auto size = static_cast<Py_ssize_t>(held.size);
    const value* members = state.objects.values.data() + held.first;
    py::object made = checked(PyTuple_New(size));
    for (Py_ssize_t i = 0; i < size; ++i)
        PyTuple_SET_ITEM(made.ptr(), i, convert(state, members[i]).release().ptr());
    return made;
}

py::object pickle_objects::part(const char* what, const py::object& arguments) {
    return parts_(what, arguments);
}

py::object pickle_objects::dict(const machine_state& state, const node& held) {
    if (held.order != nb201store::pickle::k_not_packed) return packed(state, held);
    const bool ordered = held.type == kind::ordered_dict;
    py::object made = ordered ? ordered_dict_() : checked(PyDict_New());
    const value* pairs = state.objects.values.data() + held.first;
    for (std::size_t i = 0; i < held.size; i += 2) {
        const py::object key = convert(state, pairs[i]), item = convert(state, pairs[i + 1]);
        check(ordered ? PyObject_SetItem(made.ptr(), key.ptr(), item.ptr())
                      : PyDict_SetItem(made.ptr(), key.ptr(), item.ptr()));
    }
    return made;
}

py::object pickle_objects::packed(const machine_state& state, const node& held) {
    const py::object sequence = keys(state, held.order);
    const py::array_t<double> values(static_cast<py::ssize_t>(held.size / 2),
                                     state.objects.numbers.data() + held.numbers);
    PyObject* const arguments[] = {
        (held.type == kind::ordered_dict ? ordered_name_ : dict_name_).ptr(), sequence.ptr(),
        (held.number_type == kind::real64 ? real64_name_ : real_name_).ptr(), values.ptr()};
    return checked(PyObject_Vectorcall(packed_.ptr(), arguments, 4, nullptr));
}

py::object pickle_objects::text(const machine_state& state, std::uint32_t index) {
    if (texts_.size() < state.texts.size()) texts_.resize(state.texts.size());
    if (!texts_[index]) texts_[index] = unicode(state.texts[index]);
    return texts_[index];
}

py::object pickle_objects::keys(const machine_state& state, std::uint32_t order) {
    if (orders_.size() < state.orders.size()) orders_.resize(state.orders.size());
    if (!orders_[order]) {
        const auto& of = state.orders[order];
        const std::int64_t* words = state.orders.keys(of);
        py::object made = checked(PyTuple_New(static_cast<Py_ssize_t>(of.size)));
        for (std::size_t i = 0; i < of.size; ++i) {
            py::object key = of.type == kind::text
                                 ? text(state, static_cast<std::uint32_t>(words[i]))
                                 : checked(PyLong_FromLongLong(words[i]));
            PyTuple_SET_ITEM(made.ptr(), static_cast<Py_ssize_t>(i), key.release().ptr());
        }
        orders_[order] = made;
    }
    return orders_[order];
}
