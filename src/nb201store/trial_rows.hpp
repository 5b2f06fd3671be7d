// From (code, seed) to the row of a trial, and the reading of one column's cell through it.
#pragma once

#include <cstdint>

#include "column_source.hpp"

namespace nb201store::detail {

/// SAFETY: `table` points to an i32 [cells, seeds] section, checked at opening, or is null where
/// every cell has a trial of every seed. A row taken from it is only used after it was compared
/// with `rows`.
struct trial_rows {
    const std::uint8_t* table = nullptr;
    std::uint32_t cells = 0;
    std::uint32_t seeds = 1;
    std::uint32_t rows = 0;

    /// The row as stored: below `rows`, or k_none for a trial that does not exist, or damaged.
    std::uint32_t row(std::size_t code, std::uint32_t seed) const noexcept {
        const std::size_t at = code * seeds + seed;
        if (table == nullptr) return static_cast<std::uint32_t>(at);
        return load_u32(table + 4 * at);  // i32 -1 is k_none
    }
};

/// Everything a value needs but the code. `seed` is a place among the group's seeds, or k_none for
/// the mean.
struct cell_query {
    column_source source;
    trial_rows trials;
    std::uint32_t epoch = 0;
    std::uint32_t seed = k_none;
};

/// REQUIRES: code < q.trials.cells, seed < q.trials.seeds.
template <layout L>
cell_value seed_value(const cell_query& q, std::size_t code, std::uint32_t seed) noexcept {
    const std::uint32_t row = q.trials.row(code, seed);
    if (row >= q.trials.rows) return row == k_none ? k_missing : k_damaged;
    return row_value<L>(q.source, code, row, q.epoch);
}

/// Mean over the seeds that have the value, summed in ascending order of seed.
template <layout L>
cell_value mean_value(const cell_query& q, std::size_t code) noexcept {
    double sum = 0.0;
    std::uint32_t count = 0;
    for (std::uint32_t seed = 0; seed < q.trials.seeds; ++seed) {
        const cell_value one = seed_value<L>(q, code, seed);
        if (one.status == status::damaged) return k_damaged;
        if (one.status == status::missing) continue;
        sum += one.value;
        ++count;
    }
    if (count == 0) return k_missing;
    return {sum / count, status::ok};
}

template <layout L>
cell_value code_value(const cell_query& q, std::size_t code) noexcept {
    if constexpr (L == layout::user)
        return row_value<L>(q.source, code, 0, static_cast<std::uint32_t>(code));
    else
        return q.seed == k_none ? mean_value<L>(q, code) : seed_value<L>(q, code, q.seed);
}

/// REQUIRES: code < q.trials.cells.
inline cell_value code_value(const cell_query& q, std::size_t code) noexcept {
    return with_layout(q.source.layout,
                       [&](auto which) { return code_value<decltype(which)::value>(q, code); });
}

}  // namespace nb201store::detail
