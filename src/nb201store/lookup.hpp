// From the words of a question to the numbers of a column. What fails here is explained in
// lookup_errors.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "lookup_errors.hpp"

namespace nb201store::detail {

/// The number of a column, or k_none. `split` and `metric` name numbers of the description.
inline std::uint32_t column_number(const description& about, std::uint32_t group,
                                   std::uint32_t split, metric which) noexcept {
    const group_info& g = about.groups[group];
    const auto begin = about.columns.begin() + g.first_column;
    const auto end = begin + g.column_count;
    const auto found = std::lower_bound(
        begin, end, std::tie(split, which),
        [](const column_info& c, auto key) { return std::tie(c.split, c.metric) < key; });
    if (found == end || found->split != split || found->metric != which) return k_none;
    return static_cast<std::uint32_t>(found - about.columns.begin());
}

inline std::uint32_t find_column(const description& about, const question& q) {
    const std::uint32_t dataset = find_dataset(about, q.dataset);
    if (dataset != k_none) {
        const std::uint32_t group = find_group(about, dataset, q.schedule);
        const std::uint32_t split = find_split(about, dataset, q.split);
        const auto which = find_metric(q.metric);
        if (group != k_none && split != k_none && which && !is_trial_metric(*which)) {
            const std::uint32_t column = column_number(about, group, split, *which);
            if (column != k_none) return column;
        }
    }
    explain_no_column(about, q);
}

inline std::uint32_t find_trial_column(const description& about, const question& q) {
    const std::uint32_t dataset = find_dataset(about, q.dataset);
    if (dataset != k_none) {
        const std::uint32_t group = find_group(about, dataset, q.schedule);
        const auto which = find_metric(q.metric);
        if (group != k_none && which && is_trial_metric(*which)) {
            const std::uint32_t column = column_number(about, group, k_none, *which);
            if (column != k_none) return column;
        }
    }
    explain_no_trial_column(about, q);
}

inline std::uint32_t find_known_group(const description& about, std::string_view dataset,
                                      std::int64_t schedule) {
    const std::uint32_t number = find_dataset(about, dataset);
    if (number != k_none) {
        const std::uint32_t group = find_group(about, number, schedule);
        if (group != k_none) return group;
    }
    explain_no_group(about, dataset, schedule);
}

inline std::uint32_t find_user_column(const description& about, std::string_view name) {
    for (std::uint32_t i = 0; i < about.user_columns.size(); ++i)
        if (about.user_columns[i].name == name) return i;
    explain_no_user_column(about, name);
}

/// The position of an epoch among those of a column. Negative epochs count from the last of the
/// schedule.
inline std::uint32_t epoch_position(const description& about, const column_info& column,
                                    std::int64_t epoch) {
    const auto schedule = std::int64_t{about.groups[column.group].schedule};
    const std::int64_t wanted = epoch < 0 ? epoch + schedule : epoch;
    if (wanted < 0 || wanted >= schedule) refuse_epoch(schedule, std::to_string(epoch));
    const std::uint32_t* begin = about.epochs.data() + column.first_epoch;
    const std::uint32_t* end = begin + column.epoch_count;
    const auto number = static_cast<std::uint32_t>(wanted);
    if (number < column.epoch_count && begin[number] == number) return number;  // none left out
    const std::uint32_t* found = std::lower_bound(begin, end, number);
    if (found == end || *found != number) explain_no_epoch(about, column, wanted);
    return static_cast<std::uint32_t>(found - begin);
}

/// The place of a seed in its group, or k_none. REQUIRES: not the mean.
inline std::uint32_t seed_place(const group_info& group, std::int64_t seed) noexcept {
    for (std::uint32_t i = 0; i < group.seeds.size(); ++i)
        if (group.seeds[i] == seed) return i;
    return k_none;
}

}  // namespace nb201store::detail
