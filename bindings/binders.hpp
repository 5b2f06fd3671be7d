// One function a subject, each in its own bind_<subject>.cpp; module.cpp calls them all.
#pragma once

#include <pybind11/pybind11.h>

void bind_checksum(pybind11::module_& m);
void bind_cost(pybind11::module_& m);
void bind_errors(pybind11::module_& m);
void bind_hits(pybind11::module_& m);
void bind_image(pybind11::module_& m);
void bind_pickle(pybind11::module_& m);
void bind_space(pybind11::module_& m);
