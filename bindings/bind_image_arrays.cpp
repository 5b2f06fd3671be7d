// Image: a curve, and its sections, as numpy arrays.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <string>

#include "arguments.hpp"
#include "array_view.hpp"
#include "bind_image.hpp"
#include "new_arrays.hpp"

namespace py = pybind11;
using nb201store::image;

namespace {

py::tuple curve(const image& self, const py::object& code, const py::object& dataset,
                const py::object& split, const py::object& metric, const py::object& schedule,
                const py::object& seed) {
    const nb201store::curve_values curve =
        self.curve(arguments::code(code, self.cells()), arguments::name(dataset, "dataset"),
                   arguments::name(split, "split"), arguments::name(metric, "metric"),
                   arguments::integer(schedule, "schedule"), arguments::seed(seed));
    const std::size_t count = curve.values.size();
    return new_arrays::filled({static_cast<py::ssize_t>(count)},
                              [&](double* out, std::uint8_t* present) {
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

void bind_image_arrays(py::class_<image>& type) {
    type.def("curve", &curve, py::arg("code"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("seed"))
        .def("section", &section_view, py::arg("name"))
        .def("has_section", &has_section, py::arg("name"));
}
