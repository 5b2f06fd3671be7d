// numpy arrays over the bytes of an image, and new ones. The only header that needs numpy.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <nb201store/nb201store.hpp>
#include <vector>

namespace array_view {

inline const char* numpy_dtype(nb201store::dtype type) {
    switch (type) {
        case nb201store::dtype::u8:
        case nb201store::dtype::text:
            return "<u1";
        case nb201store::dtype::u16:
            return "<u2";
        case nb201store::dtype::u32:
            return "<u4";
        case nb201store::dtype::i32:
            return "<i4";
        case nb201store::dtype::f4:
            return "<f4";
        case nb201store::dtype::f8:
            return "<f8";
    }
    return "<u1";
}

/// A read-only view. Its base keeps the mapping alive, so it outlives the image and every handle on
/// it.
inline pybind11::array of_section(const nb201store::image& image,
                                  const nb201store::section& entry) {
    namespace py = pybind11;
    auto owner = std::make_unique<std::shared_ptr<const void>>(image.bytes_owner());
    const py::capsule base(
        owner.get(), [](void* held) { delete static_cast<std::shared_ptr<const void>*>(held); });
    // SAFETY: the capsule owns the shared_ptr from here on; nothing above throws once it exists.
    static_cast<void>(owner.release());
    const std::vector<py::ssize_t> shape(entry.shape.begin(), entry.shape.begin() + entry.rank);
    py::array view(py::dtype(numpy_dtype(entry.dtype)), shape, image.section_bytes(entry), base);
    // Views with a base are writeable by default, and a write into a PROT_READ map kills the
    // process.
    py::detail::array_proxy(view.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
    return view;
}

}  // namespace array_view
