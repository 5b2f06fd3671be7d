// The one place where a C++ error becomes a Python exception.
#include <pybind11/pybind11.h>

#include <cerrno>
#include <nb201store/error.hpp>

#include "binders.hpp"

namespace py = pybind11;

namespace {

const char* exception_name(nb201store::errc code) {
    switch (code) {
        case nb201store::errc::io:
            return "OSError";
        case nb201store::errc::format:
            return "FormatError";
        case nb201store::errc::version:
            return "VersionError";
        case nb201store::errc::checksum:
            return "ChecksumError";
        case nb201store::errc::arch:
            return "ArchError";
        case nb201store::errc::missing:
            return "MissingDataError";
        case nb201store::errc::settings:
            return "SettingsError";
    }
    return "Nb201Error";
}

void raise(const nb201store::error& problem) {
    if (problem.code() == nb201store::errc::io) {
        // The message already names the path; errno makes Python pick FileNotFoundError and its siblings.
        const py::object type = py::module_::import("builtins").attr("OSError");
        const py::object value = type(problem.system_error(), problem.what());
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(value.ptr())), value.ptr());
        return;
    }
    const py::object type =
        py::module_::import("nb201store.errors").attr(exception_name(problem.code()));
    PyErr_SetString(type.ptr(), problem.what());
}

}  // namespace

void bind_errors(py::module_&) {
    py::register_exception_translator([](std::exception_ptr pending) {
        try {
            if (pending) std::rethrow_exception(pending);
        } catch (const nb201store::error& problem) {
            raise(problem);
        }
    });
}
