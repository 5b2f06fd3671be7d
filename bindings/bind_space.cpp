// The search spaces of the core. The Python package has its own (space.py, which must answer before
// this module is loaded); these are here so that tests can hold the two against each other.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <nb201store/space.hpp>
#include <optional>
#include <string_view>

#include "binders.hpp"

namespace py = pybind11;
namespace nb = nb201store;

namespace {

nb::unique_mode mode_from(std::optional<bool> consider_zero) {
    if (!consider_zero) return nb::unique_mode::nothing;
    return *consider_zero ? nb::unique_mode::zeros_and_skips : nb::unique_mode::skips;
}

void bind_tss(py::module_& m) {
    m.def("tss_code_to_ops", &nb::tss_code_to_ops, py::arg("code"));
    m.def("tss_ops_to_code", &nb::tss_ops_to_code, py::arg("ops"));
    m.def("tss_code_to_arch_str", &nb::tss_code_to_arch_str, py::arg("code"));
    m.def("tss_arch_str_to_code", &nb::tss_arch_str_to_code, py::arg("arch_str"));
    m.def("tss_neighbours", &nb::tss_neighbours, py::arg("code"));
    m.def("tss_representative", &nb::tss_representative, py::arg("code"));
    m.def("tss_code_to_official_index", &nb::tss_code_to_official_index, py::arg("code"));
    m.def("tss_official_index_to_code", &nb::tss_official_index_to_code, py::arg("index"));
    m.def(
        "tss_unique_str",
        [](std::int64_t code, std::optional<bool> consider_zero) {
            return nb::tss_unique_str(code, mode_from(consider_zero));
        },
        py::arg("code"), py::arg("consider_zero"));
}

void bind_sss(py::module_& m) {
    m.def("sss_code_to_ops", &nb::sss_code_to_ops, py::arg("code"));
    m.def("sss_ops_to_code", &nb::sss_ops_to_code, py::arg("ops"));
    m.def("sss_code_to_arch_str", &nb::sss_code_to_arch_str, py::arg("code"));
    m.def("sss_arch_str_to_code", &nb::sss_arch_str_to_code, py::arg("arch_str"));
    m.def("sss_neighbours", &nb::sss_neighbours, py::arg("code"));
    m.def("sss_representative", &nb::sss_representative, py::arg("code"));
    m.def("sss_code_to_official_index", &nb::sss_code_to_official_index, py::arg("code"));
    m.def("sss_official_index_to_code", &nb::sss_official_index_to_code, py::arg("index"));
    m.def(
        "sss_unique_str",
        [](std::int64_t code, std::optional<bool>) { return nb::sss_unique_str(code); },
        py::arg("code"), py::arg("consider_zero"));
}

}  // namespace

void bind_space(py::module_& m) {
    bind_tss(m);
    bind_sss(m);
}
