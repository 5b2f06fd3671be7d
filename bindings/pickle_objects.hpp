// From values of the pickle machine to Python objects.
#pragma once

#include <pybind11/pybind11.h>

#include <nb201store/pickle_reader.hpp>
#include <vector>

/// Makes the objects of one reader after another item. Texts, and the keys of packed dicts, become
/// one Python object each, however often they come.
class pickle_objects {
  public:
    /// `packed` is called with (container, keys, value type, values); `weights` stands for weights.
    /// `parts`, if not None, is called with (what, arguments) of each part of weights.
    pickle_objects(pybind11::object packed, pybind11::object weights, pybind11::object parts);

    /// The object of `made`, which `nb201store::pickle::finish` has seen.
    pybind11::object object(const nb201store::pickle::machine_state& state,
                            const nb201store::pickle::value& made);

  private:
    using machine_state = nb201store::pickle::machine_state;
    using value = nb201store::pickle::value;
    using node = nb201store::pickle::node;

    pybind11::object convert(const machine_state& state, const value& made);
    pybind11::object container(const machine_state& state, const node& held);
    pybind11::object dict(const machine_state& state, const node& held);
    pybind11::object tuple(const machine_state& state, const node& held);
    pybind11::object part(const char* what, const pybind11::object& arguments);
    pybind11::object packed(const machine_state& state, const node& held);
    pybind11::object text(const machine_state& state, std::uint32_t index);
    pybind11::object keys(const machine_state& state, std::uint32_t order);

    pybind11::object packed_;
    pybind11::object weights_;
    pybind11::object parts_;
    pybind11::object ordered_dict_;
    pybind11::object float64_;
    pybind11::str dict_name_{"dict"}, ordered_name_{"OrderedDict"};
    pybind11::str real_name_{"float"}, real64_name_{"float64"};
    std::vector<pybind11::object> texts_;
    std::vector<pybind11::object> orders_;
    /// By node: what is shared in the pickle is shared in Python.
    std::vector<pybind11::object> made_;
};
