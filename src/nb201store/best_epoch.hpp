// The epoch at which a metric was best, of one cell or of many.
#pragma once

#include <cstdint>
#include <string>

#include "batch.hpp"
#include "order.hpp"

namespace nb201store {

/// Where a metric was best: the earliest of equally good epochs. NaN (a diverged loss) is never
/// best.
struct best_epoch {
    std::uint32_t epoch = 0;
    cell_value found;

    explicit operator bool() const noexcept { return static_cast<bool>(found); }
};

namespace detail {

/// The epoch is a position in the column. Damaged where any value met is.
template <layout L>
best_epoch best_position(cell_query q, std::size_t code, bool lowest) noexcept {
    best_epoch best;
    for (q.epoch = 0; q.epoch < q.source.epochs; ++q.epoch) {
        const cell_value one = code_value<L>(q, code);
        if (one.status == status::damaged) return {q.epoch, one};
        if (!one || one.value != one.value) continue;
        const bool better = lowest ? one.value < best.found.value : one.value > best.found.value;
        if (better || !best) best = {q.epoch, one};
    }
    return best;
}

/// REQUIRES: `q` is a query of column `number`.
inline best_epoch find_best_epoch(const image_state& state, std::uint32_t number,
                                  const cell_query& q, std::size_t code) {
    const column_info& column = state.about.columns[number];
    best_epoch best = with_layout(q.source.layout, [&](auto which) {
        return best_position<decltype(which)::value>(q, code,
                                                     usual_order(column.metric) == order::lowest);
    });
    if (best.found.status == status::damaged) {
        cell_query damaged = q;
        damaged.epoch = best.epoch;
        explain_value(state, number, code, damaged);
    }
    best.epoch = state.about.epochs[column.first_epoch + best.epoch];
    return best;
}

/// Throw why no epoch is best. REQUIRES: `find_best_epoch` found none.
[[noreturn]] inline void explain_no_best(const image_state& state, std::uint32_t number,
                                         std::size_t code, cell_query q) {
    for (q.epoch = 0; q.epoch < q.source.epochs; ++q.epoch)
        if (code_value(q, code))
            refuse_missing("code " + std::to_string(code) + ", " +
                           column_text(state.about, state.about.columns[number]) +
                           ": every value is NaN, none is best");
    q.epoch = 0;
    explain_value(state, number, code, q);
}

}  // namespace detail
}  // namespace nb201store
