// The one place where a C++ error becomes a Python exception.
#include <pybind11/pybind11.h>

#include <cerrno>
#include <nb201store/error.hpp>

#include "binders.hpp"
#include "errors.hpp"

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
        case nb201store::errc::source:
            return "SourceError";
        case nb201store::errc::settings:
            return "SettingsError";
    }
    return "Nb201Error";
}

// Paths may hold any bytes: a message must never fail to become a str.
py::object text(const std::string& bytes) {
    return py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
        bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace"));
}

py::object os_error(const nb201store::error& problem) {
    // errno makes Python pick FileNotFoundError and its siblings, which show the path themselves.
    const std::string message = problem.what();
    const std::string prefix = problem.path() + ": ";
    const bool named = message.compare(0, prefix.size(), prefix) == 0;
    return py::module_::import("builtins")
        .attr("OSError")(problem.system_error(),
                         text(named ? message.substr(prefix.size()) : message),
                         text(problem.path()));
}

py::object library_error(const nb201store::error& problem) {
    const py::module_ errors = py::module_::import("nb201store.errors");
    py::object value = errors.attr(exception_name(problem.code()))(text(problem.what()));
    if (!problem.path().empty()) value.attr("path") = text(problem.path());
    if (!problem.section().empty()) value.attr("section") = text(problem.section());
    if (problem.offset() != nb201store::error::no_offset) value.attr("offset") = problem.offset();
    return value;
}

}  // namespace

void set_python_error(const nb201store::error& problem) {
    const py::object value =
        problem.code() == nb201store::errc::io ? os_error(problem) : library_error(problem);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(value.ptr())), value.ptr());
}

void bind_errors(py::module_&) {
    py::register_exception_translator([](std::exception_ptr pending) {
        try {
            if (pending) std::rethrow_exception(pending);
        } catch (const nb201store::error& problem) {
            set_python_error(problem);
        }
    });
}
