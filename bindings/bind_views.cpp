// Image: the sections that a column lies in, as read-only arrays for programs that look up by
// themselves (nb201store/views.py).
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "array_view.hpp"
#include "bind_image.hpp"

namespace py = pybind11;
using namespace py::literals;
using nb201store::image;
using nb201store::k_none;

namespace {

std::uint32_t find(const image& self, const py::object& dataset, const py::object& split,
                   const py::object& metric, const py::object& schedule) {
    const bool of_trial = split.is_none();
    const nb201store::detail::question question{
        arguments::name(dataset, "dataset"),
        of_trial ? std::string_view() : arguments::name(split, "split"),
        arguments::name(metric, "metric"), arguments::integer(schedule, "schedule")};
    return of_trial ? nb201store::detail::find_trial_column(self.about(), question)
                    : nb201store::detail::find_column(self.about(), question);
}

/// A view of a section, or None where the column has no such section.
py::object view(const image& self, std::uint32_t section) {
    if (section == k_none) return py::none();
    return array_view::of_section(self, self.sections()[section]);
}

/// The rows of a group's trials, i32 [cells, seeds]: a view of the table, or where every cell has
/// every seed, and so no table is needed, a new array.
py::object rows_of_group(const image& self, const nb201store::group_info& group) {
    if (group.row_table != k_none) return view(self, group.row_table);
    const auto cells = static_cast<py::ssize_t>(self.about().space.cells);
    const auto seeds = static_cast<py::ssize_t>(group.seeds.size());
    py::array_t<std::int32_t> rows({cells, seeds});
    std::iota(rows.mutable_data(), rows.mutable_data() + rows.size(), 0);
    py::detail::array_proxy(rows.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
    return std::move(rows);
}

py::object row_table(const image& self, const py::object& dataset, const py::object& schedule) {
    const std::uint32_t number =
        nb201store::detail::find_known_group(self.about(), arguments::name(dataset, "dataset"),
                                             arguments::integer(schedule, "schedule"));
    return rows_of_group(self, self.about().groups[number]);
}

py::dict column_sections(const image& self, const py::object& dataset, const py::object& split,
                         const py::object& metric, const py::object& schedule) {
    const nb201store::description& about = self.about();
    const nb201store::column_info& column =
        about.columns[find(self, dataset, split, metric, schedule)];
    const nb201store::group_info& group = about.groups[column.group];
    py::list seeds;
    for (const std::uint32_t seed : group.seeds) seeds.append(seed);
    py::list epochs;
    for (const std::uint32_t epoch : nb201store::detail::column_epochs(about, column))
        epochs.append(epoch);
    const bool of_trial = column.split == k_none;
    return py::dict("rows"_a = rows_of_group(self, group), "data"_a = view(self, column.data),
                    "extra"_a = view(self, column.extra), "present"_a = view(self, column.present),
                    "seeds"_a = seeds, "epochs"_a = epochs, "trials"_a = group.rows,
                    "schedule"_a = group.schedule,
                    "metric"_a = static_cast<std::uint32_t>(column.metric),
                    "encoding"_a = static_cast<std::uint32_t>(column.encoding),
                    "images"_a = of_trial ? 0 : about.splits[column.split].images,
                    "last_batch"_a = of_trial ? 0 : about.splits[column.split].last_batch);
}

}  // namespace

void bind_views(py::class_<image>& type) {
    type.def("column_sections", &column_sections, py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"));
    type.def("row_table", &row_table, py::arg("dataset"), py::arg("schedule"));
}
