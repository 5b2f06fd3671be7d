// The parts of Image that have files of their own.
#pragma once

#include <pybind11/pybind11.h>

#include <nb201store/nb201store.hpp>

void bind_image_description(pybind11::class_<nb201store::image>& type);
void bind_image_arrays(pybind11::class_<nb201store::image>& type);
void bind_image_selection(pybind11::class_<nb201store::image>& type);
void bind_batch(pybind11::class_<nb201store::image>& type);
void bind_column(pybind11::module_& m, pybind11::class_<nb201store::image>& type);
void bind_views(pybind11::class_<nb201store::image>& type);
