// Image: opening, and the questions whose answers are plain Python objects. Nothing here imports
// numpy.
#include "bind_image.hpp"

#include <pybind11/pybind11.h>

#include <nb201store/nb201store.hpp>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "binders.hpp"

namespace py = pybind11;
using nb201store::image;

namespace {

std::string file_system_path(py::handle path) {
    PyObject* bytes = nullptr;
    if (PyUnicode_FSConverter(path.ptr(), &bytes) == 0) throw py::error_already_set();
    return py::reinterpret_steal<py::bytes>(bytes);
}

image open_image(const py::object& path, const py::object& mode, bool check) {
    const std::string_view word = arguments::name(mode, "mode");
    if (word != "mmap" && word != "read")
        throw nb201store::error(
            nb201store::errc::settings,
            "mode must be \"mmap\" or \"read\", found " + arguments::found(mode));
    const std::string where = file_system_path(path);
    py::gil_scoped_release release;
    return image::open(
        where, word == "mmap" ? nb201store::open_mode::mmap : nb201store::open_mode::read, check);
}

void check(const image& self, const py::object& progress) {
    const nb201store::check_progress report = [&](std::uint64_t done, std::uint64_t total) {
        py::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (!progress.is_none()) progress(done, total);
    };
    py::gil_scoped_release release;
    self.check(report);
}

template <class Number>
py::tuple to_tuple(const std::vector<Number>& values) {
    py::tuple out(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i];
    return out;
}

double value(const image& self, const py::object& code, const py::object& dataset,
             const py::object& split, const py::object& metric, const py::object& schedule,
             const py::object& epoch, const py::object& seed) {
    return self.value(arguments::code(code, self.cells()), arguments::name(dataset, "dataset"),
                      arguments::name(split, "split"), arguments::name(metric, "metric"),
                      arguments::integer(schedule, "schedule"), arguments::integer(epoch, "epoch"),
                      arguments::seed(seed));
}

double trial_value(const image& self, const py::object& code, const py::object& dataset,
                   const py::object& metric, const py::object& schedule, const py::object& seed) {
    return self.trial_value(arguments::code(code, self.cells()),
                            arguments::name(dataset, "dataset"), arguments::name(metric, "metric"),
                            arguments::integer(schedule, "schedule"), arguments::seed(seed));
}

py::tuple trial_list(const image& self, const py::object& code, const py::object& dataset,
                     const py::object& metric, const py::object& schedule, const py::object& seed) {
    return to_tuple(
        self.trial_list(arguments::code(code, self.cells()), arguments::name(dataset, "dataset"),
                        arguments::name(metric, "metric"), arguments::integer(schedule, "schedule"),
                        arguments::seed(seed)));
}

py::tuple seeds(const image& self, const py::object& code, const py::object& dataset,
                const py::object& schedule) {
    return to_tuple(self.seeds(arguments::code(code, self.cells()),
                               arguments::name(dataset, "dataset"),
                               arguments::integer(schedule, "schedule")));
}

py::tuple epochs(const image& self, const py::object& dataset, const py::object& split,
                 const py::object& metric, const py::object& schedule) {
    return to_tuple(self.epochs(arguments::name(dataset, "dataset"),
                                arguments::name(split, "split"), arguments::name(metric, "metric"),
                                arguments::integer(schedule, "schedule")));
}

}  // namespace

void bind_image(py::module_& m) {
    py::class_<image> type(m, "Image", "An opened image file; immutable, safe to share.");
    type.def(py::init(&open_image), py::arg("path"), py::arg("mode") = "mmap",
             py::arg("check") = false)
        .def_property_readonly(
            "path",
            [](const image& self) {
                const std::string& path = self.path();
                return py::reinterpret_steal<py::str>(PyUnicode_DecodeFSDefaultAndSize(
                    path.data(), static_cast<py::ssize_t>(path.size())));
            })
        .def_property_readonly("size", &image::size)
        .def_property_readonly("space", [](const image& self) { return self.about().space.name; })
        .def_property_readonly("cells", &image::cells)
        .def("check", &check, py::arg("progress") = py::none())
        .def("value", &value, py::arg("code"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("epoch"), py::arg("seed"))
        .def("trial_value", &trial_value, py::arg("code"), py::arg("dataset"), py::arg("metric"),
             py::arg("schedule"), py::arg("seed"))
        .def("trial_list", &trial_list, py::arg("code"), py::arg("dataset"), py::arg("metric"),
             py::arg("schedule"), py::arg("seed"))
        .def("seeds", &seeds, py::arg("code"), py::arg("dataset"), py::arg("schedule"))
        .def("epochs", &epochs, py::arg("dataset"), py::arg("split"), py::arg("metric"),
             py::arg("schedule"));
    bind_image_description(type);
    bind_image_arrays(m, type);
    bind_image_selection(type);
}
