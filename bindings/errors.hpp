// From a C++ error to a Python exception, for code that pybind11 does not call.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <nb201store/error.hpp>

/// Set the Python exception that stands for `problem`.
void set_python_error(const nb201store::error& problem);

/// The result of `call`, a PyObject*; or null with a Python exception set for whatever it threw.
template <class Call>
PyObject* guarded(const Call& call) noexcept {
    try {
        return call();
    } catch (const nb201store::error& problem) {
        set_python_error(problem);
    } catch (pybind11::error_already_set& problem) {
        problem.restore();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& problem) {
        PyErr_SetString(PyExc_RuntimeError, problem.what());
    }
    return nullptr;
}
