#include "binders.hpp"

void bind_image(pybind11::module_&) {}
