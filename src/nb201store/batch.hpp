// Many values of one column at once: rows are looked up and their bytes prefetched a block at a
// time, so that the memory's latency is paid once a block and not once a value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "coordinates.hpp"

namespace nb201store::detail {

inline void prefetch(const void* address) noexcept {
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

/// Bytes of one element of a column's data.
template <layout L>
constexpr std::size_t data_width() noexcept {
    switch (L) {
        case layout::hits_u16:
        case layout::hits_u16_last:
        case layout::dictionary:
            return 2;
        case layout::value_f8:
        case layout::per_trial:
        case layout::per_cell:
        case layout::per_image:
            return 8;
        default:
            return 4;
    }
}

template <layout L>
inline constexpr bool k_of_hits =
    L == layout::hits_u16 || L == layout::hits_u32 || L == layout::hits_u16_last ||
    L == layout::hits_u32_last || L == layout::packed_hits;

template <layout L>
inline constexpr bool k_has_last_hits =
    L == layout::hits_u16_last || L == layout::hits_u32_last || L == layout::packed_hits;

/// The element of a column's data that (code, row, epoch) lies in.
template <layout L>
std::size_t data_element(const column_source& c, std::size_t code, std::size_t row,
                         std::uint32_t epoch) noexcept {
    if constexpr (k_of_hits<L> || L == layout::value_f4 || L == layout::value_f8)
        return row * c.epochs + epoch;
    else
        return L == layout::per_cell || L == layout::per_image ? code : row;
}

/// What a batch reads: one column of one image.
struct batch_source {
    const image_state& state;
    std::uint32_t number;  ///< of the column

    const column_source& source() const noexcept { return state.sources[number]; }
    const trial_rows& trials() const noexcept {
        return state.trials[state.about.columns[number].group];
    }
    cell_query query(std::uint32_t epoch, std::uint32_t seed) const noexcept {
        return {source(), trials(), epoch, seed};
    }
};

/// `value` where `keep`, else a NaN, by its bits: a branch could not be predicted.
inline double value_or_nan(double value, bool keep) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    constexpr std::uint64_t k_nan = 0x7FF8000000000000u;
    bits = keep ? bits : k_nan;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// What reading a block found out besides values; a damaged one is explained afterwards.
struct block_flags {
    std::uint8_t ok[k_block];
    bool damaged = false;
};

/// Percentages of a block whose data elements are `at`; false where hits cannot be and `ok` says
/// that they are there. Loading apart from computing: the compiler makes vectors of the latter.
template <layout L>
bool read_percents(const column_source& source, const std::size_t* at, const std::uint8_t* ok,
                   std::size_t n, double* values) noexcept {
    std::uint32_t hits[k_block];
    std::uint32_t last[k_block];
    for (std::size_t i = 0; i < n; ++i) {
        if constexpr (data_width<L>() == 2)
            hits[i] = load_u16(source.data + 2 * at[i]);
        else
            hits[i] = load_u32(source.data + 4 * at[i]);
        if constexpr (k_has_last_hits<L> && L != layout::packed_hits) last[i] = source.extra[at[i]];
    }
    if constexpr (L == layout::packed_hits)
        for (std::size_t i = 0; i < n; ++i) {
            last[i] = hits[i] >> 24;
            hits[i] &= 0xFFFFFFU;
        }
    const percent_rule rule = source.rule;
    std::uint32_t impossible = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if constexpr (k_has_last_hits<L>) {
            impossible |= ok[i] & static_cast<std::uint32_t>(!rule.possible(hits[i], last[i]));
            values[i] = rule.percent(hits[i], last[i]);
        } else {
            impossible |= ok[i] & static_cast<std::uint32_t>(hits[i] > rule.images());
            values[i] = rule.percent(hits[i]);
        }
    }
    return impossible == 0;
}

/// Read the trials (codes[i], seed_at(i)) of a block, all resolved: `values[i]` means nothing where
/// `flags.ok[i]` is 0. REQUIRES: n <= k_block.
template <layout L, class SeedAt>
void read_rows(const batch_source& from, const axis_block<code_axis>& codes,
               const axis_block<epoch_axis>& epochs, std::size_t n, const SeedAt& seed_at,
               double* values, block_flags& flags) noexcept {
    // Copies, and arrays of its own: a store through a byte pointer could change anything else.
    const column_source source = from.source();
    const trial_rows trials = from.trials();
    std::uint32_t rows[k_block];
    std::size_t at[k_block];
    std::uint8_t ok[k_block];
    std::uint32_t damaged = 0;
    for (std::size_t i = 0; i < n; ++i) rows[i] = trials.row(codes[i], seed_at(i));
    for (std::size_t i = 0; i < n; ++i) {
        const bool exists = rows[i] < trials.rows;
        ok[i] = exists;
        damaged |= static_cast<std::uint32_t>(!exists & (rows[i] != k_none));
        // Which trials are missing cannot be predicted, so nothing branches on it: row 0 is read
        // in their place and its value thrown away.
        rows[i] &= 0U - static_cast<std::uint32_t>(exists);
    }
    flags.damaged |= damaged != 0;
    if (trials.rows == 0) {  // there is no row 0
        std::memcpy(flags.ok, ok, n);
        return;
    }
    for (std::size_t i = 0; i < n; ++i) {
        at[i] = data_element<L>(source, codes[i], rows[i], epochs[i]);
        prefetch(source.data + data_width<L>() * at[i]);
        if constexpr (k_has_last_hits<L> && L != layout::packed_hits)
            prefetch(source.extra + at[i]);
    }
    if (source.present != nullptr)
        for (std::size_t i = 0; i < n; ++i)
            ok[i] &= static_cast<std::uint8_t>(is_present(source, rows[i], epochs[i]));
    if constexpr (k_of_hits<L>) {
        flags.damaged |= !read_percents<L>(source, at, ok, n, values);
    } else {
        for (std::size_t i = 0; i < n; ++i) {
            const cell_value stored = stored_value<L>(source, codes[i], rows[i], epochs[i]);
            values[i] = stored.value;
            flags.damaged |= ok[i] != 0 && stored.status == status::damaged;
            ok[i] &= static_cast<std::uint8_t>(stored.status == status::ok);
        }
    }
    std::memcpy(flags.ok, ok, n);
}

/// Explain the damaged value of a block. `seed_at(i)` is a place, or k_none for the mean.
template <layout L, class SeedAt>
void explain_damaged(const batch_source& from, const axis_block<code_axis>& codes,
                     const axis_block<epoch_axis>& epochs, std::size_t n, const SeedAt& seed_at) {
    for (std::size_t i = 0; i < n; ++i) {
        const cell_query q = from.query(epochs[i], seed_at(i));
        if (code_value<L>(q, codes[i]).status == status::damaged)
            explain_value(from.state, from.number, codes[i], q);
    }
}

/// Values of single trials; `out` is NaN and `present` 0 where there is none. Throws `format` for a
/// damaged value.
template <layout L>
void read_trials(const batch_source& from, const axis_block<code_axis>& codes,
                 const axis_block<epoch_axis>& epochs, const axis_block<seed_axis>& seeds,
                 std::size_t n, double* out, std::uint8_t* present) {
    const auto seed_at = [&](std::size_t i) { return seeds[i]; };
    block_flags flags;
    read_rows<L>(from, codes, epochs, n, seed_at, out, flags);
    if (flags.damaged) explain_damaged<L>(from, codes, epochs, n, seed_at);
    for (std::size_t i = 0; i < n; ++i) out[i] = value_or_nan(out[i], flags.ok[i] != 0);
    std::memcpy(present, flags.ok, n);
}

/// As `read_trials`, the means over the seeds that each cell has, summed in ascending order.
template <layout L>
void read_means(const batch_source& from, const axis_block<code_axis>& codes,
                const axis_block<epoch_axis>& epochs, std::size_t n, double* out,
                std::uint8_t* present) {
    double sums[k_block] = {};
    std::uint32_t counts[k_block] = {};
    double values[k_block];
    block_flags flags;
    for (std::uint32_t seed = 0; seed < from.trials().seeds; ++seed) {
        read_rows<L>(from, codes, epochs, n, [=](std::size_t) { return seed; }, values, flags);
        for (std::size_t i = 0; i < n; ++i) {
            sums[i] = flags.ok[i] != 0 ? sums[i] + values[i] : sums[i];
            counts[i] += flags.ok[i];
        }
    }
    if (flags.damaged)
        explain_damaged<L>(from, codes, epochs, n, [](std::size_t) { return k_none; });
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = value_or_nan(sums[i] / counts[i], counts[i] != 0);
        present[i] = counts[i] != 0;
    }
}

/// A block of coordinates, resolved; `seeds` is null for the means over seeds.
struct coordinate_block {
    const axis_block<code_axis>& codes;
    const axis_block<epoch_axis>& epochs;
    const axis_block<seed_axis>* seeds;
};

/// Answer a block. Which layout is decided once a batch: this is called through a pointer, so that
/// only the reading itself exists once a layout.
using block_reader = void (*)(const batch_source&, const coordinate_block&, std::size_t, double*,
                              std::uint8_t*);

template <layout L>
void read_block(const batch_source& from, const coordinate_block& block, std::size_t n, double* out,
                std::uint8_t* present) {
    if (block.seeds == nullptr)
        read_means<L>(from, block.codes, block.epochs, n, out, present);
    else
        read_trials<L>(from, block.codes, block.epochs, *block.seeds, n, out, present);
}

inline block_reader block_reader_of(layout which) {
    return with_layout(which,
                       [](auto of) -> block_reader { return &read_block<decltype(of)::value>; });
}

/// What a batch asks. `seeds` is null for the means over seeds.
struct batch_question {
    const integers& codes;
    const epoch_axis& axis;
    const integers& epochs;
    const integers* seeds;
};

/// Answer elements begin..end - 1.
inline void read_range(const batch_source& from, const batch_question& asked, std::size_t begin,
                       std::size_t end, double* out, std::uint8_t* present) {
    const description& about = from.state.about;
    const column_info& column = about.columns[from.number];
    const block_reader read = block_reader_of(from.source().layout);
    axis_block<code_axis> codes(asked.codes, code_axis{from.trials().cells});
    axis_block<epoch_axis> epochs(asked.epochs, asked.axis);
    const integers none = integers::repeated(0, 0);
    axis_block<seed_axis> seeds(asked.seeds == nullptr ? none : *asked.seeds,
                                seed_axis{about, column, about.groups[column.group].seeds});
    const coordinate_block block{codes, epochs, asked.seeds == nullptr ? nullptr : &seeds};
    for (; begin < end; begin += k_block) {
        const std::size_t n = std::min(k_block, end - begin);
        bool good =
            codes.resolve(begin, n);  // all are resolved, so that the first bad one is named
        good = epochs.resolve(begin, n) && good;
        if (asked.seeds != nullptr) good = seeds.resolve(begin, n) && good;
        if (!good) {
            if (asked.seeds == nullptr) refuse_first(begin, n, codes, epochs);
            refuse_first(begin, n, codes, epochs, seeds);
        }
        read(from, block, n, out + begin, present + begin);
    }
}

/// `seeds` is null for the means over seeds. REQUIRES: `codes`, `epochs` and `seeds` have one size.
inline void read_batch(const batch_source& from, const integers& codes, const integers& epochs,
                       const integers* seeds, double* out, std::uint8_t* present,
                       unsigned threads) {
    const epoch_axis axis(from.state.about, from.state.about.columns[from.number]);
    for_ranges(codes.size(), threads, [&](std::size_t begin, std::size_t end) {
        read_range(from, {codes, axis, epochs, seeds}, begin, end, out, present);
    });
}

}  // namespace nb201store::detail
