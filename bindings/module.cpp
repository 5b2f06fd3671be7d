// nb201store._core: the C++ core as Python sees it. Declares nothing itself; see bind_*.cpp.
#include <pybind11/pybind11.h>

#include "binders.hpp"

PYBIND11_MODULE(_core, m) {
    m.doc() = "C++ core of nb201store; use it through the Python package.";
    bind_errors(m);
    bind_checksum(m);
    bind_cost(m);
    bind_space(m);
    bind_hits(m);
    bind_image(m);
    bind_pickle(m);
}
