// The order in which upstream numbers the topology space: product order shuffled by CPython's
// `random` after seed(88). CPython's generator is std::mt19937, but it is seeded by an array, and
// shuffles by drawing bits and rejecting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nb201store/space_tss.hpp>
#include <random>
#include <utility>
#include <vector>

namespace nb201store {
namespace detail {

/// A seed sequence that sets the state of std::mt19937 as CPython's `random.seed(key)` does, for
/// keys below 2^32. Source: Matsumoto and Nishimura's init_by_array (mt19937ar, 2002), with an
/// array of one word.
class python_seed_sequence {
  public:
    using result_type = std::uint32_t;

    explicit constexpr python_seed_sequence(std::uint32_t key) : key_(key) {}

    /// Writes the state words; mt19937 asks for exactly 624.
    template <typename Iterator>
    void generate(Iterator begin, Iterator end) const {
        std::array<std::uint32_t, k_words> state{};
        state[0] = 19650218u;
        for (std::uint32_t i = 1; i < k_words; ++i)
            state[i] = 1812433253u * scrambled(state[i - 1]) + i;
        std::uint32_t at = 1;
        const auto step_on = [&] {
            if (++at < k_words) return;
            state[0] = state[k_words - 1];
            at = 1;
        };
        for (std::uint32_t round = 0; round < k_words; ++round, step_on())
            state[at] = (state[at] ^ (scrambled(state[at - 1]) * 1664525u)) + key_;
        for (std::uint32_t round = 1; round < k_words; ++round, step_on())
            state[at] = (state[at] ^ (scrambled(state[at - 1]) * 1566083941u)) - at;
        state[0] = 0x80000000u;
        for (std::size_t i = 0; begin != end; ++begin, ++i) *begin = state[i % k_words];
    }

  private:
    static constexpr std::uint32_t k_words = 624;
    static constexpr std::uint32_t scrambled(std::uint32_t word) { return word ^ (word >> 30); }

    std::uint32_t key_;
};

/// A number below `bound` (1..2^31) as CPython's `random` draws it for a shuffle.
inline std::uint32_t python_random_below(std::mt19937& generator, std::uint32_t bound) {
    int unused_bits = 32;
    for (std::uint32_t rest = bound; rest != 0; rest >>= 1) --unused_bits;
    std::uint32_t drawn = bound;
    while (drawn >= bound) drawn = static_cast<std::uint32_t>(generator()) >> unused_bits;
    return drawn;
}

struct official_order {
    std::vector<std::uint16_t> codes;    ///< by official index
    std::vector<std::uint16_t> indexes;  ///< by code
};

inline official_order make_tss_official_order() {
    constexpr auto k_cells = static_cast<std::size_t>(k_tss_cells);
    python_seed_sequence seeds(88);
    std::mt19937 generator(seeds);
    official_order order{std::vector<std::uint16_t>(k_cells), std::vector<std::uint16_t>(k_cells)};
    for (std::size_t i = 0; i < k_cells; ++i) order.codes[i] = static_cast<std::uint16_t>(i);
    for (std::size_t i = k_cells; i-- > 1;) {
        const auto bound = static_cast<std::uint32_t>(i + 1);
        std::swap(order.codes[i], order.codes[python_random_below(generator, bound)]);
    }
    for (std::size_t i = 0; i < k_cells; ++i)
        order.indexes[order.codes[i]] = static_cast<std::uint16_t>(i);
    return order;
}

/// Made on first use, in well under a millisecond.
inline const official_order& tss_official_order() {
    static const official_order order = make_tss_official_order();
    return order;
}

}  // namespace detail

/// Upstream's index of a cell. Throws errc::arch outside 0..15624.
inline std::int64_t tss_code_to_official_index(std::int64_t code) {
    detail::tss_product::check(code);
    return detail::tss_official_order().indexes[static_cast<std::size_t>(code)];
}

/// The cell at an index of the upstream order. Throws errc::arch outside 0..15624.
inline std::int64_t tss_official_index_to_code(std::int64_t index) {
    detail::check_index("tss", "official index", index, k_tss_cells);
    return detail::tss_official_order().codes[static_cast<std::size_t>(index)];
}

}  // namespace nb201store
