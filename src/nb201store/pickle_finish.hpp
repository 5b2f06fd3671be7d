// The last look at an object before it is handed out: depth bounded, no cycle, dicts of numbers
// packed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "pickle_state.hpp"

namespace nb201store::pickle {

namespace detail {

/// Turn a dict whose keys are all int or all str, and whose values are all floats of one type, into
/// an order and its numbers. Leaves every other dict as it is.
inline void pack(machine_state& state, node& dict) {
    arena& objects = state.objects;
    const value* pairs = objects.values.data() + dict.first;
    const std::size_t count = dict.size / 2;
    const kind key_type = pairs[0].type, number_type = pairs[1].type;
    if (key_type != kind::integer && key_type != kind::text) return;
    if (number_type != kind::real && number_type != kind::real64) return;
    for (std::size_t i = 0; i < count; ++i)
        if (pairs[2 * i].type != key_type || pairs[2 * i + 1].type != number_type) return;
    const std::uint32_t order = state.orders.number(pairs, count);
    if (!state.orders[order].distinct) return;
    objects.check_room(count * sizeof(double));
    dict.order = order;
    dict.number_type = number_type;
    dict.numbers = objects.numbers.size();
    for (std::size_t i = 0; i < count; ++i) objects.numbers.push_back(pairs[2 * i + 1].real);
}

}  // namespace detail

/// Check an object and all that it holds, and pack its dicts of numbers.
///
/// After it no object below can be changed any more (`machine_state::extend`), so that a reader may
/// recurse: at most k_depth deep. A cycle is nesting without end. What is shared is visited once.
inline void finish(machine_state& state, const value& finished) {
    struct frame {
        std::uint32_t index;
        std::size_t next;
        std::uint8_t below;
    };
    std::array<frame, k_depth> frames;
    std::size_t depth = 0;
    const auto enter = [&](const value& entered) -> std::uint8_t {
        if (entered.type == kind::function || entered.type == kind::dtype)
            refuse("a name stands where data are expected");
        if (!is_node(entered.type) || !holds_values(entered.type)) return 0;
        node& held = state.objects.nodes[entered.index];
        if (held.height == 0) {
            if (is_dict(held.type) && held.size != 0) detail::pack(state, held);
            if (depth == k_depth) refuse("objects nested more than 64 deep, or in themselves");
            const bool leaf = held.order != k_not_packed;
            frames[depth++] = {entered.index, leaf ? held.size : 0, 0};
        } else if (depth + held.height > k_depth) {
            refuse("objects nested more than 64 deep, or in themselves");
        }
        return held.height;
    };
    enter(finished);
    while (depth != 0) {
        frame& here = frames[depth - 1];
        node& held = state.objects.nodes[here.index];
        if (here.next < held.size) {
            const value child = state.objects.values[held.first + here.next++];
            here.below = std::max(here.below, enter(child));
            continue;
        }
        held.height = static_cast<std::uint8_t>(here.below + 1);
        --depth;
        if (depth != 0) frames[depth - 1].below = std::max(frames[depth - 1].below, held.height);
    }
}

}  // namespace nb201store::pickle
