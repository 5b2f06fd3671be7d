// One column's numbers, resolved to pointers: from the row of a trial to a value, every number
// bounded at use.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "description.hpp"
#include "load.hpp"
#include "percent.hpp"

namespace nb201store {

/// Whether a value is there to be had.
enum class status : std::uint8_t {
    ok,
    missing,  ///< never recorded
    damaged,  ///< the file holds a number that cannot be
};

/// A value and whether it is one; NaN where it is not.
struct cell_value {
    double value = std::numeric_limits<double>::quiet_NaN();
    nb201store::status status = nb201store::status::missing;

    explicit operator bool() const noexcept { return status == nb201store::status::ok; }
    double operator*() const noexcept { return value; }
};

namespace detail {

/// How the bytes of a column are read: its encoding and the widths that go with it, told apart
/// once.
enum class layout : std::uint8_t {
    hits_u16,
    hits_u32,
    hits_u16_last,
    hits_u32_last,
    packed_hits,
    value_f4,
    value_f8,
    per_trial,
    per_cell,
    per_image,
    dictionary,
    list,
    user,  ///< a user column: no trials, presence bits in one row over all cells
};

/// SAFETY: the pointers point to sections whose dtype and shape opening has checked against `rows`,
/// `epochs` and the space. With row < rows, epoch < epochs and code < cells every access below lies
/// inside them.
struct column_source {
    const std::uint8_t* data = nullptr;
    const std::uint8_t* extra = nullptr;
    const std::uint8_t* present = nullptr;  ///< null where everything is present
    std::uint64_t extra_count = 0;          ///< values of a dictionary or list
    std::uint32_t epochs = 1;               ///< positions a row; 1 for a metric of the trial
    std::uint32_t present_width = 1;        ///< bytes a row
    percent_rule rule;
    detail::layout layout = detail::layout::per_trial;
};

inline constexpr cell_value k_missing{};
inline constexpr cell_value k_damaged{std::numeric_limits<double>::quiet_NaN(), status::damaged};

inline bool is_present(const column_source& c, std::size_t row, std::uint32_t epoch) noexcept {
    return c.present == nullptr ||
           (c.present[row * c.present_width + (epoch >> 3)] >> (epoch & 7u) & 1u) != 0;
}

/// Offsets of a row's list within `extra`; `ok` is false where the file's offsets cannot be.
struct list_range {
    std::uint32_t begin;
    std::uint32_t end;
    bool ok;
};

inline list_range row_list(const column_source& c, std::size_t row) noexcept {
    const std::uint32_t begin = load_u32(c.data + 4 * row);
    const std::uint32_t end = load_u32(c.data + 4 * row + 4);
    return {begin, end, begin <= end && end <= c.extra_count};
}

inline cell_value list_mean(const column_source& c, std::size_t row) noexcept {
    const list_range range = row_list(c, row);
    if (!range.ok) return k_damaged;
    if (range.begin == range.end) return k_missing;
    double sum = 0.0;
    for (std::size_t i = range.begin; i < range.end; ++i) sum += load_f8(c.extra + 8 * i);
    return {sum / (range.end - range.begin), status::ok};
}

inline cell_value checked_percent(const column_source& c, std::uint32_t hits,
                                  std::uint32_t last_hits) noexcept {
    if (!c.rule.possible(hits, last_hits)) return k_damaged;
    return {c.rule.percent(hits, last_hits), status::ok};
}

/// A product, rounded to a double before anything is done with it: compilers may fuse it with an
/// addition else, which gives other sums than those that were published.
inline double rounded(double product) noexcept {
#if defined(__GNUC__) && defined(__x86_64__)
    __asm__("" : "+x"(product));
    return product;
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__("" : "+w"(product));
    return product;
#else
    const volatile double stored = product;
    return stored;
#endif
}

/// The value of a row whose presence bit is set.
template <layout L>
cell_value stored_value(const column_source& c, std::size_t code, std::size_t row,
                        std::uint32_t epoch) noexcept {
    const std::size_t at = row * c.epochs + epoch;
    if constexpr (L == layout::hits_u16) return checked_percent(c, load_u16(c.data + 2 * at), 0);
    if constexpr (L == layout::hits_u32) return checked_percent(c, load_u32(c.data + 4 * at), 0);
    if constexpr (L == layout::hits_u16_last)
        return checked_percent(c, load_u16(c.data + 2 * at), c.extra[at]);
    if constexpr (L == layout::hits_u32_last)
        return checked_percent(c, load_u32(c.data + 4 * at), c.extra[at]);
    if constexpr (L == layout::packed_hits) {
        const std::uint32_t word = load_u32(c.data + 4 * at);
        return checked_percent(c, word & 0xFFFFFFu, word >> 24);
    }
    if constexpr (L == layout::value_f4)
        return {static_cast<double>(load_f4(c.data + 4 * at)), status::ok};
    if constexpr (L == layout::value_f8) return {load_f8(c.data + 8 * at), status::ok};
    if constexpr (L == layout::per_trial) return {load_f8(c.data + 8 * row), status::ok};
    if constexpr (L == layout::per_cell) return {load_f8(c.data + 8 * code), status::ok};
    if constexpr (L == layout::per_image)
        return {rounded(load_f8(c.data + 8 * code) * c.rule.images()), status::ok};
    if constexpr (L == layout::dictionary) {
        const std::uint16_t place = load_u16(c.data + 2 * row);
        if (place >= c.extra_count) return k_damaged;
        return {load_f8(c.extra + 8 * std::size_t{place}), status::ok};
    }
    if constexpr (L == layout::list) return list_mean(c, row);
    if constexpr (L == layout::user) {
        const double value = load_f8(c.data + 8 * code);
        return std::isfinite(value) ? cell_value{value, status::ok} : k_damaged;
    }
}

template <layout L>
cell_value row_value(const column_source& c, std::size_t code, std::size_t row,
                     std::uint32_t epoch) noexcept {
    if (!is_present(c, row, epoch)) return k_missing;
    return stored_value<L>(c, code, row, epoch);
}

/// Call `f` with the layout as a compile-time constant: loops branch on it once, outside.
template <class F>
decltype(auto) with_layout(layout which, F&& f) {
    switch (which) {
#define NB201STORE_CASE(name) \
    case layout::name:        \
        return f(std::integral_constant<layout, layout::name>{});
        NB201STORE_CASE(hits_u16)
        NB201STORE_CASE(hits_u32)
        NB201STORE_CASE(hits_u16_last)
        NB201STORE_CASE(hits_u32_last)
        NB201STORE_CASE(packed_hits)
        NB201STORE_CASE(value_f4)
        NB201STORE_CASE(value_f8)
        NB201STORE_CASE(per_trial)
        NB201STORE_CASE(per_cell)
        NB201STORE_CASE(per_image)
        NB201STORE_CASE(dictionary)
        NB201STORE_CASE(list)
        NB201STORE_CASE(user)
#undef NB201STORE_CASE
    }
    return f(std::integral_constant<layout, layout::per_trial>{});
}

}  // namespace detail
}  // namespace nb201store
