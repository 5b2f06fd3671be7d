#include <pybind11/pybind11.h>

#include <nb201store/crc32c.hpp>

#include "binders.hpp"

namespace py = pybind11;

void bind_checksum(py::module_& m) {
    m.def(
        "crc32c",
        [](const py::buffer& data, std::uint32_t crc) {
            const py::buffer_info info = data.request();
            if (PyBuffer_IsContiguous(info.view(), 'C') == 0)
                throw py::value_error("crc32c: the buffer must be C-contiguous");
            const auto size = static_cast<std::size_t>(info.size * info.itemsize);
            py::gil_scoped_release release;
            return nb201store::crc32c(info.ptr, size, crc);
        },
        py::arg("data"), py::arg("crc") = 0,
        "CRC-32C of a contiguous buffer; `crc` continues from an earlier result.");
}
