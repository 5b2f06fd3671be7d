// Image: what the file says it holds, as dicts and lists.
#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

#include "arguments.hpp"
#include "bind_image.hpp"

namespace py = pybind11;
using namespace py::literals;
using nb201store::image;

namespace {

py::str text(std::string_view name) { return {name.data(), name.size()}; }

py::list dataset_dicts(const nb201store::description& about) {
    py::list out;
    for (const nb201store::dataset_info& dataset : about.datasets) {
        py::list splits;
        for (std::uint32_t i = 0; i < dataset.split_count; ++i) {
            const nb201store::split_info& split = about.splits[dataset.first_split + i];
            splits.append(py::dict("name"_a = split.name, "images"_a = split.images,
                                   "last_batch"_a = split.last_batch));
        }
        out.append(py::dict("name"_a = dataset.name, "classes"_a = dataset.classes,
                            "image_size"_a = dataset.image_size, "splits"_a = splits));
    }
    return out;
}

py::list group_dicts(const nb201store::description& about) {
    py::list out;
    for (const nb201store::group_info& group : about.groups) {
        py::list seeds;
        for (const std::uint32_t seed : group.seeds) seeds.append(seed);
        out.append(py::dict("schedule"_a = group.schedule,
                            "dataset"_a = about.datasets[group.dataset].name, "seeds"_a = seeds,
                            "rows"_a = group.rows));
    }
    return out;
}

py::list column_dicts(const nb201store::description& about) {
    py::list out;
    for (const nb201store::column_info& column : about.columns) {
        const nb201store::group_info& group = about.groups[column.group];
        py::object split = py::none();
        if (column.split != nb201store::k_none) split = text(about.splits[column.split].name);
        py::list epochs;
        for (std::uint32_t i = 0; i < column.epoch_count; ++i)
            epochs.append(about.epochs[column.first_epoch + i]);
        out.append(py::dict(
            "schedule"_a = group.schedule, "dataset"_a = about.datasets[group.dataset].name,
            "split"_a = split, "metric"_a = text(nb201store::metric_name(column.metric)),
            "encoding"_a = text(nb201store::encoding_name(column.encoding)), "epochs"_a = epochs));
    }
    return out;
}

/// Cells that have a value. Reads the column's presence bits, where it has any.
std::uint32_t value_count(const image& self, const nb201store::user_column_info& column) {
    if (column.present == nb201store::k_none) return self.cells();
    const nb201store::section& bits = self.sections()[column.present];
    const std::uint8_t* bytes = self.section_bytes(bits);
    std::uint32_t count = 0;
    for (std::uint32_t code = 0; code < self.cells(); ++code)
        count += bytes[code / 8] >> code % 8 & 1u;
    return count;
}

py::list user_column_dicts(const image& self) {
    py::list out;
    for (const nb201store::user_column_info& column : self.about().user_columns)
        out.append(py::dict("name"_a = column.name, "unit"_a = column.unit,
                            "values"_a = value_count(self, column)));
    return out;
}

py::dict describe(const image& self) {
    const nb201store::description& about = self.about();
    const nb201store::space_info& space = about.space;
    py::list choices;
    for (const std::string& choice : space.choices) choices.append(choice);
    return py::dict("reader_version"_a = self.header().reader_version,
                    "writer_version"_a = self.header().writer_version, "space"_a = space.name,
                    "cells"_a = space.cells, "positions"_a = space.positions, "choices"_a = choices,
                    "channels"_a = space.channels, "cells_per_stage"_a = space.cells_per_stage,
                    "in_channels"_a = space.in_channels, "batch"_a = space.batch,
                    "datasets"_a = dataset_dicts(about), "groups"_a = group_dicts(about),
                    "columns"_a = column_dicts(about), "user_columns"_a = user_column_dicts(self));
}

py::list section_dicts(const image& self) {
    py::list out;
    for (const nb201store::section& entry : self.sections()) {
        py::tuple shape(entry.rank);
        for (std::size_t axis = 0; axis < entry.rank; ++axis) shape[axis] = entry.shape[axis];
        out.append(py::dict("name"_a = entry.name,
                            "dtype"_a = text(nb201store::dtype_name(entry.dtype)),
                            "shape"_a = shape, "offset"_a = entry.offset, "size"_a = entry.size,
                            "crc32c"_a = entry.crc32c, "required"_a = entry.required));
    }
    return out;
}

/// A copy of a section's bytes, for what must be read without numpy.
py::bytes section_bytes(const image& self, const py::object& name) {
    const nb201store::section* entry = self.find_section(arguments::name(name, "section"));
    if (entry == nullptr)
        throw nb201store::error(nb201store::errc::settings, "no section " + arguments::found(name));
    return {reinterpret_cast<const char*>(self.section_bytes(*entry)),
            static_cast<std::size_t>(entry->size)};
}

}  // namespace

void bind_image_description(py::class_<image>& type) {
    type.def("describe", &describe)
        .def("sections", &section_dicts)
        .def("section_bytes", &section_bytes, py::arg("name"));
}
