// Many values of one column at once: rows are looked up and their bytes prefetched a block at a
// time, so that the memory's latency is paid once a block and not once a value.
#pragma once

#include <algorithm>
#include <cstdint>

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
            return 8;
        default:
            return 4;
    }
}

/// Ask for the bytes of (row, epoch) before they are needed. REQUIRES: row < rows of the group.
template <layout L>
void prefetch_value(const column_source& c, std::size_t code, std::size_t row,
                    std::uint32_t epoch) noexcept {
    constexpr bool of_epochs = L != layout::per_trial && L != layout::per_cell &&
                               L != layout::dictionary && L != layout::list;
    const std::size_t at = of_epochs ? row * c.epochs + epoch : L == layout::per_cell ? code : row;
    prefetch(c.data + data_width<L>() * at);
    if constexpr (L == layout::hits_u16_last || L == layout::hits_u32_last) prefetch(c.extra + at);
    if (c.present != nullptr) prefetch(c.present + row * c.present_width + (epoch >> 3));
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

/// Why there is no trial. REQUIRES: `row` is not below the rows there are.
constexpr status row_status(std::uint32_t row) noexcept {
    return row == k_none ? status::missing : status::damaged;
}

/// Call emit(i, value, status) for the trials (codes[i], seed_at(i)) of a block, all resolved.
/// REQUIRES: n <= k_block.
template <layout L, class SeedAt, class Emit>
void read_rows(const column_source& source, const trial_rows& trials,
               const axis_block<code_axis>& codes, const axis_block<epoch_axis>& epochs,
               std::size_t n, const SeedAt& seed_at, const Emit& emit) noexcept {
    std::uint32_t rows[k_block];
    if (trials.rows == 0) {  // there is no row 0 to read instead of a missing one
        for (std::size_t i = 0; i < n; ++i)
            emit(i, k_missing.value, row_status(trials.row(codes[i], seed_at(i))));
        return;
    }
    for (std::size_t i = 0; i < n; ++i) {
        rows[i] = trials.row(codes[i], seed_at(i));
        prefetch_value<L>(source, codes[i], rows[i] < trials.rows ? rows[i] : 0, epochs[i]);
    }
    for (std::size_t i = 0; i < n; ++i) {
        // Which trials are missing cannot be predicted, so nothing branches on it: the value of
        // row 0 is read in their place and thrown away.
        const bool exists = rows[i] < trials.rows;
        const std::uint32_t row = exists ? rows[i] : 0;
        const cell_value stored = stored_value<L>(source, codes[i], row, epochs[i]);
        const bool here = exists & is_present(source, row, epochs[i]);
        const status absent = exists ? status::missing : row_status(rows[i]);
        emit(i, stored.value, here ? stored.status : absent);
    }
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
    bool damaged = false;
    read_rows<L>(from.source(), from.trials(), codes, epochs, n, seed_at,
                 [&](std::size_t i, double value, status found) {
                     out[i] = found == status::ok ? value : k_missing.value;
                     present[i] = found == status::ok;
                     damaged |= found == status::damaged;
                 });
    if (damaged) explain_damaged<L>(from, codes, epochs, n, seed_at);
}

/// As `read_trials`, the means over the seeds that each cell has, summed in ascending order.
template <layout L>
void read_means(const batch_source& from, const axis_block<code_axis>& codes,
                const axis_block<epoch_axis>& epochs, std::size_t n, double* out,
                std::uint8_t* present) {
    double sums[k_block] = {};
    double counts[k_block] = {};
    bool damaged = false;
    for (std::uint32_t seed = 0; seed < from.trials().seeds; ++seed)
        read_rows<L>(
            from.source(), from.trials(), codes, epochs, n, [=](std::size_t) { return seed; },
            [&](std::size_t i, double value, status found) {
                sums[i] += found == status::ok ? value : 0.0;
                counts[i] += found == status::ok ? 1.0 : 0.0;
                damaged |= found == status::damaged;
            });
    if (damaged) explain_damaged<L>(from, codes, epochs, n, [](std::size_t) { return k_none; });
    for (std::size_t i = 0; i < n; ++i) {
        present[i] = counts[i] > 0.0;
        out[i] = counts[i] > 0.0 ? sums[i] / counts[i] : k_missing.value;
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
