// Arguments of queries, taken as plain objects and checked here: a wrong one gets one line of our
// own instead of pybind11's list of signatures. None of this touches numpy.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <nb201store/nb201store.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace arguments {

/// repr of an object for a message, cut where it is long.
std::string found(pybind11::handle object);

/// A str. SettingsError where it is none. The view lives as long as the object.
std::string_view name(pybind11::handle object, const char* what);

/// As `name`; none for None.
std::optional<std::string_view> optional_name(pybind11::handle object, const char* what);

/// An int or anything with __index__, but no bool. SettingsError where it is none.
std::int64_t integer(pybind11::handle object, const char* what);

/// As `integer`, in 0..cells-1. ArchError where it is not.
std::int64_t code(pybind11::handle object, std::uint32_t cells);

/// An integer or "mean". SettingsError where it is neither.
nb201store::seed_choice seed(pybind11::handle object);

/// How many threads a batch may use. SettingsError where that is no number of threads.
unsigned threads(pybind11::handle object);

}  // namespace arguments
