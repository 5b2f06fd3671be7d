// Image: which cells meet conditions, which are best, what they cost.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <nb201store/nb201store.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "bind_image.hpp"

namespace py = pybind11;
using nb201store::column;
using nb201store::condition;
using nb201store::image;

namespace {

[[noreturn]] void refuse(const std::string& message) {
    throw nb201store::error(nb201store::errc::settings, message);
}

std::vector<condition> parse_conditions(const py::sequence& texts) {
    std::vector<condition> out;
    for (const py::handle text : texts)
        out.push_back(nb201store::parse_condition(arguments::name(text, "a condition")));
    return out;
}

/// Empty for None, which no data set is called.
std::string_view dataset_name(const py::object& dataset) {
    return dataset.is_none() ? std::string_view() : arguments::name(dataset, "dataset");
}

py::array_t<bool> where(const image& self, const py::sequence& conditions,
                        const py::object& dataset) {
    static_assert(sizeof(bool) == sizeof(std::uint8_t));
    const std::vector<condition> parsed = parse_conditions(conditions);
    const std::string_view name = dataset_name(dataset);
    py::array_t<bool> out(static_cast<py::ssize_t>(self.cells()));
    // SAFETY: numpy's bool is one byte holding 0 or 1, which is all that `where` writes.
    auto* mask = reinterpret_cast<std::uint8_t*>(out.mutable_data());
    {
        py::gil_scoped_release release;
        self.where(parsed.data(), parsed.size(), name, mask);
    }
    return out;
}

/// The order asked for, or the usual one of the column's metric.
nb201store::order order_of(const column& by, const py::object& order) {
    if (!order.is_none()) {
        const std::string_view word = arguments::name(order, "order");
        if (word == "highest") return nb201store::order::highest;
        if (word == "lowest") return nb201store::order::lowest;
        refuse("order must be 'highest' or 'lowest', found " + arguments::found(order));
    }
    const auto metric = by.metric();
    const auto usual = metric ? nb201store::usual_order(*metric) : std::nullopt;
    if (!usual)
        refuse("order must be 'highest' or 'lowest' for " +
               (metric ? std::string(nb201store::metric_name(*metric)) : "a user column") +
               ", found None");
    return *usual;
}

/// A copy of a mask; empty for None.
std::vector<std::uint8_t> mask_of(const column& by, const py::object& mask) {
    if (mask.is_none()) return {};
    const auto flags = py::array_t<bool, py::array::c_style>::ensure(mask);
    if (!flags || flags.size() != static_cast<py::ssize_t>(by.size())) {
        PyErr_Clear();
        refuse("where must be " + std::to_string(by.size()) + " bools, one a cell, found " +
               arguments::found(mask));
    }
    return {flags.data(), flags.data() + flags.size()};
}

using rankings = std::vector<nb201store::ranked>;

py::list top(const image& self, std::size_t n, const column& by, const py::object& order,
             const py::sequence& conditions, const py::object& mask, const py::object& dataset) {
    const nb201store::order best = order_of(by, order);
    std::vector<std::uint8_t> chosen = mask_of(by, mask);
    const std::vector<condition> parsed = parse_conditions(conditions);
    const std::string_view name = dataset.is_none() ? by.dataset() : dataset_name(dataset);
    rankings found;
    {
        py::gil_scoped_release release;
        if (!parsed.empty() || !dataset.is_none()) {  // a word that says nothing is checked too
            if (by.size() != self.cells())
                refuse("by: expected a column of " + std::to_string(self.cells()) +
                       " cells, as this image has, found one of " + std::to_string(by.size()));
            std::vector<std::uint8_t> met(self.cells());
            self.where(parsed.data(), parsed.size(), name, met.data());
            for (std::size_t code = 0; code < chosen.size(); ++code)
                if (chosen[code] == 0) met[code] = 0;
            chosen = std::move(met);
        }
        found = nb201store::top(n, by, best, chosen.empty() ? nullptr : chosen.data());
    }
    py::list out(found.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        out[i] = py::make_tuple(found[i].code, found[i].value);
    return out;
}

std::pair<double, double> cost(const image& self, const py::object& code,
                               const py::object& dataset) {
    const nb201store::network_cost found =
        self.cost(arguments::code(code, self.cells()), arguments::name(dataset, "dataset"));
    return {found.params_m(), found.flops_m()};
}

}  // namespace

void bind_image_selection(py::class_<image>& type) {
    type.def("where", &where, py::arg("conditions"), py::arg("dataset"))
        .def("top", &top, py::arg("n"), py::arg("by"), py::arg("order"), py::arg("conditions"),
             py::arg("mask"), py::arg("dataset"))
        .def("cost", &cost, py::arg("code"), py::arg("dataset"));
}
