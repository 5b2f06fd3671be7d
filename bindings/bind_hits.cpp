// Percentages to hits, a whole array at a time.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <nb201store/error.hpp>
#include <nb201store/hits_finder.hpp>
#include <vector>

#include "binders.hpp"

namespace py = pybind11;

namespace {

using percentages = py::array_t<double, py::array::c_style | py::array::forcecast>;

py::tuple find_hits(const percentages& percent, std::uint32_t images, std::uint32_t last_batch) {
    if (images == 0 || images >> 24 != 0 || last_batch > images)
        throw nb201store::error(
            nb201store::errc::settings,
            "find_hits: expected 1 to 2^24 - 1 images, and no more in the last batch");
    const std::vector<py::ssize_t> shape(percent.shape(), percent.shape() + percent.ndim());
    py::array_t<std::uint32_t> hits(shape);
    py::array_t<std::uint32_t> last_hits(shape);
    py::array_t<bool> found(shape);
    const double* in = percent.data();
    std::uint32_t* out = hits.mutable_data();
    std::uint32_t* out_last = last_hits.mutable_data();
    bool* ok = found.mutable_data();
    {
        const py::gil_scoped_release release;
        const nb201store::hits_finder finder(images, last_batch);
        for (py::ssize_t i = 0, size = percent.size(); i < size; ++i) {
            nb201store::hit_counts counts;
            ok[i] = finder.find(in[i], counts);
            out[i] = counts.hits;
            out_last[i] = counts.last_hits;
        }
    }
    return py::make_tuple(hits, last_hits, found);
}

}  // namespace

void bind_hits(py::module_& m) {
    m.def("find_hits", &find_hits, py::arg("percent"), py::arg("images"), py::arg("last_batch"),
          "Return (hits, last_hits, found) of published percentages; hits are 0 where none give "
          "one.");
}
