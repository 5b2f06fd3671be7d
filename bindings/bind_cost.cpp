// Costs of networks by their description alone. nb201store/cost.py checks that the arguments are
// integers; the core bounds them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <nb201store/cost.hpp>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "binders.hpp"

namespace py = pybind11;
namespace nb = nb201store;

namespace {

using one_cost = std::pair<std::uint64_t, std::uint64_t>;

template <nb::network_cost (*Count)(std::int64_t, const nb::network_shape&), std::uint32_t Cells>
one_cost one(const py::object& code, std::uint64_t classes, std::uint64_t image_size,
             std::uint64_t channels, std::uint64_t cells, std::uint64_t in_channels) {
    const nb::network_cost found =
        Count(arguments::code(code, Cells), {classes, image_size, channels, cells, in_channels});
    return {found.parameters, found.multiply_adds};
}

template <std::vector<nb::network_cost> (*Count)(const nb::network_shape&)>
py::tuple all(std::uint64_t classes, std::uint64_t image_size, std::uint64_t channels,
              std::uint64_t cells, std::uint64_t in_channels) {
    std::vector<nb::network_cost> found;
    {
        py::gil_scoped_release release;
        found = Count({classes, image_size, channels, cells, in_channels});
    }
    const auto count = static_cast<py::ssize_t>(found.size());
    py::array_t<std::int64_t> parameters(count), multiply_adds(count);
    for (py::ssize_t i = 0; i < count; ++i) {
        const nb::network_cost& cell = found[static_cast<std::size_t>(i)];
        // The core counts no network beyond int64.
        parameters.mutable_at(i) = static_cast<std::int64_t>(cell.parameters);
        multiply_adds.mutable_at(i) = static_cast<std::int64_t>(cell.multiply_adds);
    }
    return py::make_tuple(parameters, multiply_adds);
}

template <class Function>
void define_one(py::module_& m, const char* name, Function function) {
    m.def(name, function, py::arg("code"), py::arg("classes"), py::arg("image_size"),
          py::arg("channels"), py::arg("cells"), py::arg("in_channels"));
}

template <class Function>
void define_all(py::module_& m, const char* name, Function function) {
    m.def(name, function, py::arg("classes"), py::arg("image_size"), py::arg("channels"),
          py::arg("cells"), py::arg("in_channels"));
}

}  // namespace

void bind_cost(py::module_& m) {
    define_one(m, "tss_cost", &one<&nb::tss_cost, nb::k_tss_cells>);
    define_one(m, "sss_cost", &one<&nb::sss_cost, nb::k_sss_cells>);
    define_all(m, "tss_costs", &all<&nb::tss_costs>);
    define_all(m, "sss_costs", &all<&nb::sss_costs>);
}
