// Column: one metric at one epoch and seed for all cells. `col[code]` is the fastest question there
// is, so it is a slot of the type and not a function of pybind11's.
#include <pybind11/pybind11.h>

#include <string>

#include "arguments.hpp"
#include "bind_image.hpp"
#include "errors.hpp"
#include "fast_call.hpp"
#include "new_arrays.hpp"

namespace py = pybind11;
using nb201store::column;
using nb201store::image;

namespace {

column make_column(const image& self, const py::object& dataset, const py::object& split,
                   const py::object& metric, const py::object& schedule, const py::object& epoch,
                   const py::object& seed) {
    const auto named = arguments::optional_name(split, "split");
    const auto of = arguments::name(dataset, "dataset");
    const auto which = arguments::name(metric, "metric");
    const std::int64_t epochs = arguments::integer(schedule, "schedule");
    const std::int64_t at = arguments::integer(epoch, "epoch");
    if (!named) return self.trial_column(of, which, epochs, arguments::seed(seed));
    return self.column(of, *named, which, epochs, at, arguments::seed(seed));
}

column user_column(const image& self, const py::object& name) {
    return self.user_column(arguments::name(name, "column"));
}

PyObject* item(PyObject* object, PyObject* code) {
    return guarded([&] {
        const auto& self = fast_call::self<column>(object);
        return PyFloat_FromDouble(self.at(arguments::code(code, self.size())));
    });
}

py::tuple take(const column& self, const py::object& codes, const py::object& threads) {
    const auto given = new_arrays::index_array::codes(codes, self.size());
    const unsigned most = arguments::threads(threads);
    return new_arrays::filled(given.shape(), [&](double* out, std::uint8_t* present) {
        self.take(given.view(), out, present, most);
    });
}

py::tuple whole(const column& self) {
    return new_arrays::filled(
        {static_cast<py::ssize_t>(self.size())},
        [&](double* out, std::uint8_t* present) { self.array(out, present); });
}

}  // namespace

void bind_column(py::module_& m, py::class_<image>& image_type) {
    const auto item_slot = py::custom_type_setup(
        [](PyHeapTypeObject* type) { type->as_mapping.mp_subscript = &item; });
    py::class_<column>(m, "Column", "One column resolved to codes; keeps its image open.",
                       item_slot)
        .def(py::init(&make_column), py::arg("image"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("epoch"), py::arg("seed"))
        .def(py::init(&user_column), py::arg("image"), py::arg("name"))
        .def("__len__", &column::size)
        .def("take", &take, py::arg("codes"), py::arg("threads") = 1)
        .def("array", &whole);
    image_type.def("user_column", &user_column, py::arg("name"))
        .def("column", &make_column, py::arg("dataset"), py::arg("split"), py::arg("metric"),
             py::arg("schedule"), py::arg("epoch"), py::arg("seed"));
}
