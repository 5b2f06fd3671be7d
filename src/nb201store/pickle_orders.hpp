// Sequences of dict keys, each kept once: thousands of trials share a few dozen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "pickle_limits.hpp"
#include "pickle_values.hpp"

namespace nb201store::pickle {

/// What a key of a packed dict is: an int as it is, a text by its number.
inline std::int64_t key_word(const value& key) noexcept {
    return key.type == kind::text ? static_cast<std::int64_t>(key.index) : key.integer;
}

class order_table {
  public:
    struct order {
        kind type;  ///< kind::integer or kind::text, of all keys
        bool distinct;
        std::size_t first;
        std::size_t size;
    };

    std::size_t size() const noexcept { return orders_.size(); }
    const order& operator[](std::uint32_t index) const noexcept { return orders_[index]; }
    const std::int64_t* keys(const order& of) const noexcept { return words_.data() + of.first; }

    /// The number of the order of a dict's keys. REQUIRES: `pairs` holds `count` > 0 keys and
    /// values in turn, and all keys have the type of the first, an int's or a text's.
    std::uint32_t number(const value* pairs, std::size_t count) {
        std::vector<std::uint32_t>& alike = by_sample_[sample(pairs, count)];
        for (const std::uint32_t index : alike)
            if (equal(orders_[index], pairs, count)) return index;
        if (alike.size() == k_probes) refuse("orders of keys that were chosen to collide");
        if (orders_.size() == k_orders || words_.size() + count > k_order_keys)
            refuse("more different orders of keys than any official file has");
        alike.push_back(add(pairs, count));
        return alike.back();
    }

  private:
    /// A hash of a few of the keys: comparing all of them has to be done anyway.
    static std::uint64_t sample(const value* pairs, std::size_t count) noexcept {
        std::uint64_t mixed = count * 2 + (pairs->type == kind::text ? 1 : 0);
        const std::size_t step = count / 8 + 1;
        for (std::size_t i = 0; i < count; i += step) {
            mixed =
                (mixed ^ static_cast<std::uint64_t>(key_word(pairs[2 * i]))) * 0x9e3779b97f4a7c15U;
            mixed ^= mixed >> 32;
        }
        return mixed ^ static_cast<std::uint64_t>(key_word(pairs[2 * (count - 1)]));
    }

    bool equal(const order& known, const value* pairs, std::size_t count) const noexcept {
        if (known.size != count || known.type != pairs->type) return false;
        const std::int64_t* words = keys(known);
        for (std::size_t i = 0; i < count; ++i)
            if (words[i] != key_word(pairs[2 * i])) return false;
        return true;
    }

    std::uint32_t add(const value* pairs, std::size_t count) {
        const std::size_t first = words_.size();
        for (std::size_t i = 0; i < count; ++i) words_.push_back(key_word(pairs[2 * i]));
        std::vector<std::int64_t> sorted(words_.begin() + static_cast<std::ptrdiff_t>(first),
                                         words_.end());
        std::sort(sorted.begin(), sorted.end());
        const bool distinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
        orders_.push_back({pairs->type, distinct, first, count});
        return static_cast<std::uint32_t>(orders_.size() - 1);
    }

    std::vector<order> orders_;
    std::vector<std::int64_t> words_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_sample_;
};

}  // namespace nb201store::pickle
