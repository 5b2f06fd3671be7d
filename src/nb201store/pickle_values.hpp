// The values of a pickle, and the arena in which those of one architecture lie.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pickle_limits.hpp"

namespace nb201store::pickle {

enum class kind : std::uint8_t {
    none,
    yes,
    no,
    integer,
    real,          ///< a Python float
    real64,        ///< a numpy.float64
    text,          ///< kept for good; `index` is its number among the texts
    weights,       ///< a placeholder, where weights are not kept
    storage_type,  ///< a torch storage's; `index` is its place in k_storages
    dtype,         ///< numpy.dtype('<f8')
    function,      ///< a name of the allow-list
    // Below: `index` is the number of a node.
    long_text,
    bytes,
    outside,       ///< bytes left where they are: `first` is their offset in the source
    long_integer,  ///< two's complement, little-endian, more than 8 bytes
    tuple,
    list,
    set,
    dict,
    ordered_dict,
    // Parts of weights, where they are kept: each holds the arguments that it was made of.
    storage,
    loaded,
    tensor,
    parameter,
    boxed,  ///< only in the memo: a node that holds one value
};

constexpr bool is_node(kind type) noexcept { return type >= kind::long_text; }
constexpr bool is_dict(kind type) noexcept {
    return type == kind::dict || type == kind::ordered_dict;
}
constexpr bool is_weights(kind type) noexcept {
    return type == kind::weights || (type >= kind::storage && type <= kind::parameter);
}
/// Whether a node's range is one of values; else it is one of bytes.
constexpr bool holds_values(kind type) noexcept { return type >= kind::tuple; }

struct value {
    kind type = kind::none;
    std::uint32_t index = 0;
    union {
        std::int64_t integer = 0;
        double real;
    };

    static value simple(kind type) noexcept { return of(type, 0); }
    static value of(kind type, std::uint32_t index) noexcept {
        value made;
        made.type = type;
        made.index = index;
        return made;
    }
    static value of_integer(std::int64_t integer) noexcept {
        value made = of(kind::integer, 0);
        made.integer = integer;
        return made;
    }
    static value of_real(kind type, double real) noexcept {
        value made = of(type, 0);
        made.real = real;
        return made;
    }
};

constexpr std::uint32_t k_not_packed = ~std::uint32_t{0};

/// A text, a number or a container in the arena. Nodes refer to each other by number, so nothing
/// is ever destroyed recursively.
struct node {
    kind type = kind::none;
    std::uint8_t height = 0;  ///< levels of containers, once handed out; 0 before
    std::uint32_t order = k_not_packed;
    std::size_t first =
        0;  ///< its range in `values` or `bytes`; a dict has keys and values in turn
    std::size_t size = 0;
    std::size_t capacity = 0;
    std::size_t numbers = 0;  ///< of a packed dict: where its numbers begin, size / 2 of them
    kind number_type = kind::none;
};

class arena {
  public:
    std::vector<node> nodes;
    std::vector<value> values;
    std::vector<std::uint8_t> bytes;
    std::vector<double> numbers;

    struct position {
        std::size_t nodes = 0, values = 0, bytes = 0, numbers = 0;
    };

    position here() const noexcept {
        return {nodes.size(), values.size(), bytes.size(), numbers.size()};
    }

    /// Forget everything made since `to`. REQUIRES: nothing before it refers to what is forgotten.
    void rewind(const position& to) {
        nodes.resize(to.nodes);
        values.resize(to.values);
        bytes.resize(to.bytes);
        numbers.resize(to.numbers);
    }

    value make(kind type) {
        check_room(sizeof(node));
        node made;
        made.type = type;
        made.first = holds_values(type) ? values.size() : bytes.size();
        nodes.push_back(made);
        return value::of(type, static_cast<std::uint32_t>(nodes.size() - 1));
    }

    value make_bytes(kind type, const std::uint8_t* data, std::size_t size) {
        check_room(size);
        const value made = make(type);
        bytes.insert(bytes.end(), data, data + size);
        nodes.back().size = size;
        return made;
    }

    /// A node that holds what `arguments`, a tuple, holds.
    value make_alike(kind type, const node& arguments) {
        const value made = make(type);
        nodes.back().first = arguments.first;
        nodes.back().size = arguments.size;
        return made;
    }

    value make_outside(std::uint64_t offset, std::size_t size) {
        const value made = make(kind::outside);
        nodes.back().first = static_cast<std::size_t>(offset);
        nodes.back().size = size;
        return made;
    }

    /// Append to a container. REQUIRES: `from` does not lie in `values`.
    void extend(std::uint32_t index, const value* from, std::size_t count) {
        node& grown = nodes[index];
        if (grown.size + count > grown.capacity) make_room(grown, count);
        std::copy(from, from + count,
                  values.begin() + static_cast<std::ptrdiff_t>(grown.first + grown.size));
        grown.size += count;
    }

    void check_room(std::size_t wanted) const {
        const std::size_t used = nodes.size() * sizeof(node) + values.size() * sizeof(value) +
                                 bytes.size() + numbers.size() * sizeof(double);
        if (used + wanted > k_arena) refuse("one object of more than 256 MiB");
    }

  private:
    void make_room(node& grown, std::size_t count) {
        const bool last = grown.first + grown.capacity == values.size();
        // Twice the size where it has to move: a container that grows one by one moves seldom.
        const std::size_t wanted = last ? grown.size + count : 2 * (grown.size + count);
        check_room(wanted * sizeof(value));
        if (last) {
            values.resize(grown.first + wanted);
        } else {
            const std::size_t first = values.size();
            values.resize(first + wanted);
            const auto from = values.begin() + static_cast<std::ptrdiff_t>(grown.first);
            std::copy(from, from + static_cast<std::ptrdiff_t>(grown.size),
                      values.begin() + static_cast<std::ptrdiff_t>(first));
            grown.first = first;
        }
        grown.capacity = wanted;
    }
};

}  // namespace nb201store::pickle
