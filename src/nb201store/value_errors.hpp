// Why a cell has no value: the trial or epoch was never recorded, or the file holds a number that
// cannot be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image_state.hpp"
#include "lookup_errors.hpp"

namespace nb201store::detail {

[[noreturn]] inline void refuse_code(std::uint32_t cells, const std::string& found) {
    throw error(errc::arch,
                "code must be an integer 0.." + std::to_string(cells - 1) + ", found " + found);
}

inline void require_code(std::uint32_t cells, std::int64_t code) {
    if (code < 0 || code >= std::int64_t{cells}) refuse_code(cells, std::to_string(code));
}

/// Refuse the row table's entry for (code, seed). REQUIRES: it is neither a row nor -1.
[[noreturn]] inline void refuse_row(const image_state& state, std::uint32_t group, std::size_t code,
                                    std::uint32_t seed, const std::string& expected) {
    const trial_rows& trials = state.trials[group];
    const auto stored = static_cast<std::int32_t>(trials.row(code, seed));
    state.parts()
        .at(state.sections[state.about.groups[group].row_table])
        .refuse(errc::format, 4 * (std::uint64_t{code} * trials.seeds + seed),
                expected + " for code " + std::to_string(code), std::to_string(stored));
}

[[noreturn]] inline void refuse_hits(const image_state& state, const column_info& column,
                                     const column_source& source, std::uint64_t at) {
    const std::uint32_t width =
        source.layout == layout::hits_u16 || source.layout == layout::hits_u16_last ? 2 : 4;
    std::uint32_t hits =
        width == 2 ? load_u16(source.data + 2 * at) : load_u32(source.data + 4 * at);
    std::uint32_t last = source.extra == nullptr ? 0 : source.extra[at];
    if (source.layout == layout::packed_hits) {
        last = hits >> 24;
        hits &= 0xFFFFFFu;
    }
    const percent_rule& rule = source.rule;
    // The section of the last hits is to blame where the hits themselves can be.
    const bool blame_last = hits <= rule.images() && source.extra != nullptr;
    state.parts()
        .at(state.sections[blame_last ? column.extra : column.data])
        .refuse(errc::format, blame_last ? at : at * width,
                "hits of at most " + std::to_string(rule.images()) + ", at most " +
                    std::to_string(rule.last_batch()) + " of them in the last batch",
                std::to_string(hits) + ", " + std::to_string(last) + " in the last batch");
}

/// Refuse the value of one row. REQUIRES: reading it said `damaged`.
[[noreturn]] inline void refuse_value(const image_state& state, std::uint32_t number,
                                      std::size_t row, std::uint32_t epoch) {
    const column_info& column = state.about.columns[number];
    const column_source& source = state.sources[number];
    const site data = state.parts().at(state.sections[column.data]);
    if (source.layout == layout::dictionary)
        data.refuse(errc::format, 2 * row,
                    "a place among " + std::to_string(source.extra_count) + " values",
                    std::to_string(load_u16(source.data + 2 * row)));
    if (source.layout == layout::list) {
        const list_range range = row_list(source, row);
        data.refuse(errc::format, 4 * row,
                    "ascending offsets of at most " + std::to_string(source.extra_count),
                    std::to_string(range.begin) + ", " + std::to_string(range.end));
    }
    refuse_hits(state, column, source, std::uint64_t{row} * source.epochs + epoch);
}

/// Seeds of a cell that have a trial. A damaged row is refused.
inline std::vector<std::uint32_t> cell_seeds(const image_state& state, std::uint32_t group,
                                             std::size_t code) {
    const trial_rows& trials = state.trials[group];
    std::vector<std::uint32_t> seeds;
    for (std::uint32_t seed = 0; seed < trials.seeds; ++seed) {
        const std::uint32_t row = trials.row(code, seed);
        if (row < trials.rows)
            seeds.push_back(state.about.groups[group].seeds[seed]);
        else if (row != k_none)
            refuse_row(state, group, code, seed,
                       "a row below " + std::to_string(trials.rows) + " or -1");
    }
    return seeds;
}

inline std::string cell_text(const image_state& state, std::uint32_t group, std::size_t code) {
    const group_info& g = state.about.groups[group];
    return "code " + std::to_string(code) + ", " + state.about.datasets[g.dataset].name +
           ", schedule " + std::to_string(g.schedule);
}

/// Explain that a cell has no trial of a seed (or no trial at all, for the mean).
[[noreturn]] inline void explain_no_seed(const image_state& state, std::uint32_t group,
                                         std::size_t code, seed_choice seed) {
    const std::vector<std::uint32_t> seeds = cell_seeds(state, group, code);
    const std::string cell = cell_text(state, group, code);
    if (seeds.empty()) refuse_missing(cell + ": no trial was recorded");
    refuse_missing(cell + ": seed " + std::to_string(seed.number()) + " was not recorded, only " +
                   number_ranges(seeds));
}

/// Explain that the trials of a cell lack this column, at this epoch or altogether.
[[noreturn]] inline void explain_absent(const image_state& state, std::uint32_t number,
                                        std::size_t code, const cell_query& query) {
    const column_info& column = state.about.columns[number];
    const group_info& group = state.about.groups[column.group];
    std::vector<std::uint32_t> have;  // epochs that any of the seeds asked for has
    const std::vector<std::uint32_t> epochs = column_epochs(state.about, column);
    for (std::uint32_t e = 0; e < epochs.size(); ++e) {
        bool any = false;
        for (std::uint32_t seed = 0; seed < query.trials.seeds; ++seed) {
            if (query.seed != k_none && seed != query.seed) continue;
            const std::uint32_t row = query.trials.row(code, seed);
            any = any || (row < query.trials.rows && is_present(query.source, row, e));
        }
        if (any) have.push_back(epochs[e]);
    }
    std::string what = "code " + std::to_string(code) + ", " + column_text(state.about, column);
    if (query.seed != k_none) what += ", seed " + std::to_string(group.seeds[query.seed]);
    if (epochs.empty() || have.empty()) refuse_missing(what + " was not recorded");
    refuse_missing(what + ": epoch " + std::to_string(epochs[query.epoch]) +
                   " was not recorded; epochs recorded: " + number_ranges(have));
}

/// Throw what is wrong with the value of a user column: it is a gap, or no number that can be.
[[noreturn]] inline void explain_user_value(const image_state& state, std::uint32_t number,
                                            std::size_t code) {
    const user_column_info& column = state.about.user_columns[number];
    const column_source& source = state.user_sources[number];
    if (!is_present(source, 0, static_cast<std::uint32_t>(code)))
        refuse_missing("user column " + quoted(column.name) + ": no value of code " +
                       std::to_string(code));
    state.parts()
        .at(state.sections[column.data])
        .refuse(errc::format, 8 * std::uint64_t{code},
                "a finite number of code " + std::to_string(code),
                std::to_string(load_f8(source.data + 8 * code)));
}

/// Throw what is wrong with a value. REQUIRES: reading it said `failed`, which is not ok.
[[noreturn]] inline void explain_value(const image_state& state, std::uint32_t number,
                                       std::size_t code, const cell_query& query) {
    if (query.source.layout == layout::user) explain_user_value(state, number, code);
    const std::uint32_t group = state.about.columns[number].group;
    bool any_trial = false;
    for (std::uint32_t seed = 0; seed < query.trials.seeds; ++seed) {
        if (query.seed != k_none && seed != query.seed) continue;
        const std::uint32_t row = query.trials.row(code, seed);
        if (row >= query.trials.rows) {
            if (row != k_none) cell_seeds(state, group, code);  // throws, naming the entry
            continue;
        }
        any_trial = true;
        const cell_value one = with_layout(query.source.layout, [&](auto which) {
            return row_value<decltype(which)::value>(query.source, code, row, query.epoch);
        });
        if (one.status == status::damaged) refuse_value(state, number, row, query.epoch);
    }
    if (any_trial) explain_absent(state, number, code, query);
    const std::int64_t seed =
        query.seed == k_none ? 0 : std::int64_t{state.about.groups[group].seeds[query.seed]};
    explain_no_seed(state, group, code, seed);
}

}  // namespace nb201store::detail
