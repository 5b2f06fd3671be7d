// Image and Column: the questions whose answers are numpy arrays.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "array_view.hpp"
#include "bind_image.hpp"

namespace py = pybind11;
using nb201store::column;
using nb201store::image;

namespace {

using shape_type = std::vector<py::ssize_t>;

/// New (values, present) arrays of a shape, filled by `fill(double*, uint8*)` without the GIL.
template <class Fill>
py::tuple filled(const shape_type& shape, Fill fill) {
    static_assert(sizeof(bool) == sizeof(std::uint8_t));
    py::array_t<double> values(shape);
    py::array_t<bool> present(shape);
    double* out = values.mutable_data();
    // SAFETY: numpy's bool is one byte holding 0 or 1, which is all that `fill` writes.
    auto* flags = reinterpret_cast<std::uint8_t*>(present.mutable_data());
    {
        py::gil_scoped_release release;
        fill(out, flags);
    }
    return py::make_tuple(values, present);
}

template <class Code>
py::tuple take_as(const column& self, const py::array& codes) {
    const auto same = py::array_t < Code,
               py::array::c_style | py::array::forcecast > ::ensure(codes);
    if (!same) throw py::error_already_set();
    const shape_type shape(same.shape(), same.shape() + same.ndim());
    const Code* data = same.data();
    const auto count = static_cast<std::size_t>(same.size());
    return filled(
        shape, [&](double* out, std::uint8_t* present) { self.take(data, count, out, present); });
}

py::tuple take(const column& self, const py::object& codes) {
    const py::array array = py::array::ensure(codes);
    if (!array) {
        PyErr_Clear();
        nb201store::detail::refuse_code(self.size(), arguments::found(codes));
    }
    const char kind = array.dtype().kind();
    // An empty list is an array of floats to numpy; it holds no code that could be wrong.
    if (kind != 'i' && kind != 'u' && array.size() != 0)
        nb201store::detail::refuse_code(
            self.size(), "an array of " + std::string(py::str(py::handle(array.dtype()))));
    // u8 apart: its large values would turn negative as i8 and be reported as what they are not.
    if (kind == 'u' && array.itemsize() == 8) return take_as<std::uint64_t>(self, array);
    return take_as<std::int64_t>(self, array);
}

py::tuple whole(const column& self) {
    return filled({static_cast<py::ssize_t>(self.size())},
                  [&](double* out, std::uint8_t* present) { self.array(out, present); });
}

column split_column(const image& self, const py::object& dataset, const py::object& split,
                    const py::object& metric, const py::object& schedule, const py::object& epoch,
                    const py::object& seed) {
    return self.column(arguments::name(dataset, "dataset"), arguments::name(split, "split"),
                       arguments::name(metric, "metric"), arguments::integer(schedule, "schedule"),
                       arguments::integer(epoch, "epoch"), arguments::seed(seed));
}

column trial_column(const image& self, const py::object& dataset, const py::object& metric,
                    const py::object& schedule, const py::object& seed) {
    return self.trial_column(arguments::name(dataset, "dataset"), arguments::name(metric, "metric"),
                             arguments::integer(schedule, "schedule"), arguments::seed(seed));
}

column user_column(const image& self, const py::object& name) {
    return self.user_column(arguments::name(name, "column"));
}

py::tuple curve(const image& self, const py::object& code, const py::object& dataset,
                const py::object& split, const py::object& metric, const py::object& schedule,
                const py::object& seed) {
    const nb201store::curve_values curve =
        self.curve(arguments::code(code, self.cells()), arguments::name(dataset, "dataset"),
                   arguments::name(split, "split"), arguments::name(metric, "metric"),
                   arguments::integer(schedule, "schedule"), arguments::seed(seed));
    const std::size_t count = curve.values.size();
    return filled({static_cast<py::ssize_t>(count)}, [&](double* out, std::uint8_t* present) {
        std::memcpy(out, curve.values.data(), count * sizeof(double));
        std::memcpy(present, curve.present.data(), count);
    });
}

py::array section_view(const image& self, const py::object& name) {
    const nb201store::section* entry = self.find_section(arguments::name(name, "section"));
    if (entry != nullptr) return array_view::of_section(self, *entry);
    nb201store::detail::text_list known;
    for (const nb201store::section& other : self.sections()) known.add(other.name);
    throw nb201store::error(nb201store::errc::settings, "no section " + arguments::found(name) +
                                                            ": this file has " + known.text());
}

bool has_section(const image& self, const py::object& name) {
    return self.find_section(arguments::name(name, "section")) != nullptr;
}

}  // namespace

void bind_image_arrays(py::module_& m, py::class_<image>& type) {
    py::class_<column>(m, "Column", "One column resolved to codes; keeps its image open.")
        .def("__len__", &column::size)
        .def(
            "__getitem__",
            [](const column& self, const py::object& code) {
                return self.at(arguments::code(code, self.size()));
            },
            py::arg("code"))
        .def("take", &take, py::arg("codes"))
        .def("array", &whole);
    type.def("column", &split_column, py::arg("dataset"), py::arg("split"), py::arg("metric"),
             py::arg("schedule"), py::arg("epoch"), py::arg("seed"))
        .def("trial_column", &trial_column, py::arg("dataset"), py::arg("metric"),
             py::arg("schedule"), py::arg("seed"))
        .def("user_column", &user_column, py::arg("name"))
        .def("curve", &curve, py::arg("code"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("seed"))
        .def("section", &section_view, py::arg("name"))
        .def("has_section", &has_section, py::arg("name"));
}
