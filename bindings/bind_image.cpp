// Image: opening, and the questions whose answers are plain Python objects. Nothing here imports
// numpy.
#include "bind_image.hpp"

#include <pybind11/pybind11.h>

#include <array>
#include <nb201store/nb201store.hpp>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "binders.hpp"
#include "errors.hpp"
#include "fast_call.hpp"

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

double value(const image& self, PyObject* code, PyObject* dataset, PyObject* split,
             PyObject* metric, PyObject* schedule, PyObject* epoch, PyObject* seed) {
    const std::int64_t place = arguments::code(code, self.cells());
    const auto of = arguments::name(dataset, "dataset");
    const auto part = arguments::optional_name(split, "split");
    const auto which = arguments::name(metric, "metric");
    const std::int64_t length = arguments::integer(schedule, "schedule");
    const std::int64_t at = arguments::integer(epoch, "epoch");
    if (!part) return self.trial_value(place, of, which, length, arguments::seed(seed));
    return self.value(place, of, *part, which, length, at, arguments::seed(seed));
}

PyObject* fast_value(PyObject* object, PyObject* const* given, Py_ssize_t count,
                     PyObject* keywords) {
    return guarded([&] {
        static constexpr std::array<const char*, 7> k_names{
            "code", "dataset", "split", "metric", "schedule", "epoch", "seed"};
        const auto a = fast_call::arguments("value", k_names, given, count, keywords);
        return PyFloat_FromDouble(
            value(fast_call::self<image>(object), a[0], a[1], a[2], a[3], a[4], a[5], a[6]));
    });
}

py::tuple best_epoch(const image& self, const py::object& code, const py::object& dataset,
                     const py::object& split, const py::object& metric, const py::object& schedule,
                     const py::object& seed) {
    const nb201store::best_epoch best =
        self.best_epoch(arguments::code(code, self.cells()), arguments::name(dataset, "dataset"),
                        arguments::name(split, "split"), arguments::name(metric, "metric"),
                        arguments::integer(schedule, "schedule"), arguments::seed(seed));
    return py::make_tuple(best.epoch, best.found.value);
}

double simulated_cost(const image& self, const py::object& code, const py::object& dataset,
                      const py::object& split, const py::object& schedule, const py::object& epoch,
                      const py::object& seed) {
    return self.simulated_cost(arguments::code(code, self.cells()),
                               arguments::name(dataset, "dataset"), arguments::name(split, "split"),
                               arguments::integer(schedule, "schedule"),
                               arguments::integer(epoch, "epoch"), arguments::seed(seed));
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
        // The table holds the CRC32C of every section: equal fingerprints, equal contents.
        .def_property_readonly("fingerprint",
                               [](const image& self) { return self.header().table_crc32c; })
        .def_property_readonly("space", [](const image& self) { return self.about().space.name; })
        .def_property_readonly("cells", &image::cells)
        .def("check", &check, py::arg("progress") = py::none())
        .def("best_epoch", &best_epoch, py::arg("code"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("seed"))
        .def("simulated_cost", &simulated_cost, py::arg("code"), py::arg("dataset"),
             py::arg("split"), py::arg("schedule"), py::arg("epoch"), py::arg("seed"))
        .def("trial_list", &trial_list, py::arg("code"), py::arg("dataset"), py::arg("metric"),
             py::arg("schedule"), py::arg("seed"))
        .def("seeds", &seeds, py::arg("code"), py::arg("dataset"), py::arg("schedule"))
        .def("epochs", &epochs, py::arg("dataset"), py::arg("split"), py::arg("metric"),
             py::arg("schedule"));
    static PyMethodDef value_method{
        "value", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&fast_value)),
        METH_FASTCALL | METH_KEYWORDS,
        "value($self, code, dataset, split, metric, schedule, epoch, seed)\n--\n\n"
        "One number; `split` is None for a metric of the trial itself."};
    fast_call::add_method(type, value_method);
    bind_image_description(type);
    bind_image_arrays(type);
    bind_batch(type);
    bind_column(m, type);
    bind_views(type);
    bind_image_selection(type);
}
