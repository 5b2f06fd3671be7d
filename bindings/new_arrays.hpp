// numpy arrays in: integers of any width; and out: values with a flag for each that is there.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <nb201store/nb201store.hpp>
#include <vector>

namespace new_arrays {

using shape_type = std::vector<pybind11::ssize_t>;

/// New (values, present) arrays of a shape, filled by `fill(double*, uint8*)` without the GIL.
template <class Fill>
pybind11::tuple filled(const shape_type& shape, const Fill& fill) {
    namespace py = pybind11;
    static_assert(sizeof(bool) == sizeof(std::uint8_t));
    py::array_t<double> values(shape);
    py::array_t<bool> present(shape);
    double* out = values.mutable_data();
    // SAFETY: numpy's bool is one byte holding 0 or 1, which is all that `fill` writes.
    auto* flags = reinterpret_cast<std::uint8_t*>(present.mutable_data());
    {
        py::gil_scoped_release release;
        fill(out, flags);
    }
    return py::make_tuple(values, present);
}

/// A C-contiguous array of native integers; keeps them alive for the view.
class index_array {
  public:
    /// Integers of what numpy makes of `given`. Throws `arch` with the space's codes expected.
    static index_array codes(pybind11::handle given, std::uint32_t cells);

    /// As `codes`, of epochs or seeds (`what`); throws `settings`.
    static index_array numbers(pybind11::handle given, const char* what);

    nb201store::integers view() const noexcept { return view_; }
    std::size_t size() const noexcept { return view_.size(); }
    shape_type shape() const;

    /// As `view`, where one element stands for `count`.
    nb201store::integers spread(std::size_t count) const;

  private:
    explicit index_array(pybind11::array array);

    pybind11::array array_;
    nb201store::integers view_;
};

}  // namespace new_arrays
