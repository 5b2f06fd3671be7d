#include "binders.hpp"

void bind_space(pybind11::module_&) {}
