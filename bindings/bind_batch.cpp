// Image: one question of many cells, answered as flat arrays without the GIL.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <string>

#include "arguments.hpp"
#include "bind_image.hpp"
#include "new_arrays.hpp"

namespace py = pybind11;
using nb201store::image;
using new_arrays::index_array;

namespace {

py::ssize_t signed_size(std::size_t count) { return static_cast<py::ssize_t>(count); }

bool is_text(const py::object& object) { return PyUnicode_Check(object.ptr()) != 0; }

/// Sizes of codes, epochs and seeds: 1 or the same. Shapes are Python's part.
std::size_t common_size(std::initializer_list<std::size_t> sizes) {
    std::size_t count = 1;
    for (const std::size_t size : sizes) {
        if (size == 1 || size == count) continue;
        if (count != 1)
            throw nb201store::error(nb201store::errc::settings,
                                    "codes, epochs and seeds must have one size or be single");
        count = size;
    }
    return count;
}

py::tuple gather(const image& self, const py::object& codes, const py::object& dataset,
                 const py::object& split, const py::object& metric, const py::object& schedule,
                 const py::object& epochs, const py::object& seeds, const py::object& threads) {
    const auto of = arguments::name(dataset, "dataset");
    const auto part = arguments::name(split, "split");
    const auto which = arguments::name(metric, "metric");
    const std::int64_t length = arguments::integer(schedule, "schedule");
    const unsigned most = arguments::threads(threads);
    const auto code_array = index_array::codes(codes, self.cells());
    const auto epoch_array = index_array::numbers(epochs, "epochs");
    if (is_text(seeds)) {
        const nb201store::seed_choice seed = arguments::seed(seeds);
        const std::size_t n = common_size({code_array.size(), epoch_array.size()});
        return new_arrays::filled({signed_size(n)}, [&](double* out, std::uint8_t* present) {
            self.gather(code_array.spread(n), of, part, which, length, epoch_array.spread(n), seed,
                        out, present, most);
        });
    }
    const auto seed_array = index_array::numbers(seeds, "seeds");
    const std::size_t n = common_size({code_array.size(), epoch_array.size(), seed_array.size()});
    return new_arrays::filled({signed_size(n)}, [&](double* out, std::uint8_t* present) {
        self.gather(code_array.spread(n), of, part, which, length, epoch_array.spread(n),
                    seed_array.spread(n), out, present, most);
    });
}

py::tuple best_epochs(const image& self, const py::object& codes, const py::object& dataset,
                      const py::object& split, const py::object& metric, const py::object& schedule,
                      const py::object& seed, const py::object& threads) {
    const auto given = index_array::codes(codes, self.cells());
    const auto of = arguments::name(dataset, "dataset");
    const auto part = arguments::name(split, "split");
    const auto which = arguments::name(metric, "metric");
    const std::int64_t length = arguments::integer(schedule, "schedule");
    const auto trial = arguments::seed(seed);
    const unsigned most = arguments::threads(threads);
    py::array_t<std::int64_t> epochs(given.shape());
    std::int64_t* best = epochs.mutable_data();
    const py::tuple found = new_arrays::filled(given.shape(), [&](double* out,
                                                                  std::uint8_t* present) {
        self.best_epochs(given.view(), of, part, which, length, trial, best, out, present, most);
    });
    return py::make_tuple(epochs, found[0], found[1]);
}

py::tuple simulated_costs(const image& self, const py::object& codes, const py::object& dataset,
                          const py::object& split, const py::object& schedule,
                          const py::object& epoch, const py::object& seed,
                          const py::object& threads) {
    const auto given = index_array::codes(codes, self.cells());
    const auto of = arguments::name(dataset, "dataset");
    const auto part = arguments::name(split, "split");
    const std::int64_t length = arguments::integer(schedule, "schedule");
    const std::int64_t last = arguments::integer(epoch, "epoch");
    const auto trial = arguments::seed(seed);
    const unsigned most = arguments::threads(threads);
    return new_arrays::filled(given.shape(), [&](double* out, std::uint8_t* present) {
        self.simulated_costs(given.view(), of, part, length, last, trial, out, present, most);
    });
}

py::array seed_counts(const image& self, const py::object& codes, const py::object& dataset,
                      const py::object& schedule) {
    const auto given = index_array::codes(codes, self.cells());
    const auto of = arguments::name(dataset, "dataset");
    const std::int64_t length = arguments::integer(schedule, "schedule");
    py::array_t<std::int64_t> counts(given.shape());
    std::int64_t* out = counts.mutable_data();
    py::gil_scoped_release release;
    self.seed_counts(given.view(), of, length, out);
    return std::move(counts);
}

py::array neighbour_codes(const image& self, const py::object& codes) {
    const auto given = index_array::codes(codes, self.cells());
    const std::size_t count = nb201store::neighbour_count(self.about().space);
    new_arrays::shape_type shape = given.shape();
    shape.push_back(signed_size(count));
    py::array_t<std::int64_t> neighbours(shape);
    std::int64_t* out = neighbours.mutable_data();
    py::gil_scoped_release release;
    nb201store::detail::for_codes(
        given.view(), self.cells(), 1, [&](std::size_t i, std::size_t code) {
            nb201store::neighbour_codes(self.about().space, static_cast<std::uint32_t>(code),
                                        out + i * count);
        });
    return std::move(neighbours);
}

}  // namespace

void bind_batch(py::class_<image>& type) {
    type.def("gather", &gather, py::arg("codes"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("epochs"), py::arg("seeds"),
             py::arg("threads") = 1)
        .def("best_epochs", &best_epochs, py::arg("codes"), py::arg("dataset"), py::arg("split"),
             py::arg("metric"), py::arg("schedule"), py::arg("seed"), py::arg("threads") = 1)
        .def("simulated_costs", &simulated_costs, py::arg("codes"), py::arg("dataset"),
             py::arg("split"), py::arg("schedule"), py::arg("epoch"), py::arg("seed"),
             py::arg("threads") = 1)
        .def("seed_counts", &seed_counts, py::arg("codes"), py::arg("dataset"), py::arg("schedule"))
        .def("neighbour_codes", &neighbour_codes, py::arg("codes"));
}
