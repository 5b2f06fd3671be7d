// What a simulated search pays for one evaluation: the seconds that training a cell and one pass
// over an evaluation split took when the benchmark was made.
#pragma once

#include <cstdint>

#include "batch.hpp"

namespace nb201store::detail {

inline cell_value row_value(const column_source& c, std::size_t code, std::size_t row,
                            std::uint32_t epoch) noexcept {
    return with_layout(c.layout, [&](auto which) {
        return row_value<decltype(which)::value>(c, code, row, epoch);
    });
}

/// The two columns of a cost, resolved: training epochs 0..last_epoch and the evaluation's time at
/// that epoch.
struct cost_query {
    std::uint32_t train;       ///< column number
    std::uint32_t evaluation;  ///< column number
    std::uint32_t last_epoch;  ///< position in both: `train` has every epoch up to it
    std::uint32_t evaluation_epoch;
    std::uint32_t seed;  ///< a place, or k_none for the mean
};

/// Epochs 0..last are added one by one, as upstream adds them: the sum has its rounding.
template <layout L>
cell_value train_seconds(const column_source& c, std::size_t code, std::size_t row,
                         std::uint32_t last) noexcept {
    double sum = 0.0;
    for (std::uint32_t epoch = 0; epoch <= last; ++epoch) {
        const cell_value one = row_value<L>(c, code, row, epoch);
        if (!one) return one;
        sum += one.value;
    }
    return {sum, status::ok};
}

/// The cost of one trial; missing where any of its numbers is.
inline cell_value trial_cost(const image_state& state, const cost_query& q, std::size_t code,
                             std::uint32_t seed) noexcept {
    const trial_rows& trials = state.trials[state.about.columns[q.train].group];
    const std::uint32_t row = trials.row(code, seed);
    if (row >= trials.rows) return row == k_none ? k_missing : k_damaged;
    const column_source& train = state.sources[q.train];
    const cell_value training = with_layout(train.layout, [&](auto which) {
        return train_seconds<decltype(which)::value>(train, code, row, q.last_epoch);
    });
    if (!training) return training;
    const cell_value pass = row_value(state.sources[q.evaluation], code, row, q.evaluation_epoch);
    if (!pass) return pass;
    return {training.value + pass.value, status::ok};
}

/// The cost of a cell: of one seed, or the mean over those seeds whose cost is known.
inline cell_value cell_cost(const image_state& state, const cost_query& q,
                            std::size_t code) noexcept {
    if (q.seed != k_none) return trial_cost(state, q, code, q.seed);
    double sum = 0.0;
    std::uint32_t count = 0;
    for (std::uint32_t seed = 0; seed < state.trials[state.about.columns[q.train].group].seeds;
         ++seed) {
        const cell_value one = trial_cost(state, q, code, seed);
        if (one.status == status::damaged) return one;
        if (one.status == status::missing) continue;
        sum += one.value;
        ++count;
    }
    if (count == 0) return k_missing;
    return {sum / count, status::ok};
}

/// Throw why a cell has no cost. REQUIRES: it has none.
[[noreturn]] inline void explain_cost(const image_state& state, const cost_query& q,
                                      std::size_t code) {
    const trial_rows& trials = state.trials[state.about.columns[q.train].group];
    for (std::uint32_t epoch = 0; epoch <= q.last_epoch; ++epoch) {
        const cell_query part{state.sources[q.train], trials, epoch, q.seed};
        if (!code_value(part, code)) explain_value(state, q.train, code, part);
    }
    const cell_query part{state.sources[q.evaluation], trials, q.evaluation_epoch, q.seed};
    if (!code_value(part, code)) explain_value(state, q.evaluation, code, part);
    refuse_missing(cell_text(state, state.about.columns[q.train].group, code) +
                   ": no seed has all the times of a cost");
}

/// Throws as `image::column` does where the two times were not recorded at these epochs.
inline cost_query find_cost(const description& about, std::string_view dataset,
                            std::string_view split, std::int64_t schedule, std::int64_t epoch) {
    cost_query q{};
    q.train = find_column(about, {dataset, "train", "time", schedule});
    q.evaluation = find_column(about, {dataset, split, "time", schedule});
    q.evaluation_epoch = epoch_position(about, about.columns[q.evaluation], epoch);
    const std::int64_t last = epoch < 0 ? epoch + schedule : epoch;
    for (std::int64_t each = 0; each <= last; ++each)  // throws at the first that is not there
        q.last_epoch = epoch_position(about, about.columns[q.train], each);
    return q;
}

}  // namespace nb201store::detail
