// Why a question has no column: a word the file does not know (settings), or words it knows that
// were never recorded together (missing). Only reached when a look-up failed, so clarity goes
// before speed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "question.hpp"
#include "site.hpp"
#include "text_lists.hpp"

namespace nb201store::detail {

[[noreturn]] inline void refuse_word(const char* what, const std::string& word,
                                     const std::string& known) {
    throw error(errc::settings,
                "no " + std::string(what) + " " + word + ": this file has " + known);
}

inline void require_dataset(const description& about, std::string_view name) {
    text_list known;
    for (const dataset_info& dataset : about.datasets) {
        if (dataset.name == name) return;
        known.add(dataset.name);
    }
    refuse_word("dataset", quoted(name), known.text());
}

inline void require_split(const description& about, std::string_view name) {
    text_list known;
    std::vector<std::string_view> seen;
    for (const split_info& split : about.splits) {
        if (split.name == name) return;
        known.add_new(split.name, seen);
    }
    refuse_word("split", quoted(name), known.text());
}

/// Of the metrics of a split, or of those of a trial.
inline void require_metric(const description& about, std::string_view name, bool of_trial) {
    const auto which = find_metric(name);
    if (which && is_trial_metric(*which) != of_trial)
        throw error(errc::settings,
                    of_trial ? "metric " + quoted(name) + " belongs to a split: name the split"
                             : "metric " + quoted(name) +
                                   " belongs to a trial, not to a split: ask for it without one");
    text_list known;
    std::vector<std::string_view> seen;
    for (const column_info& column : about.columns) {
        if (is_trial_metric(column.metric) != of_trial) continue;
        if (metric_name(column.metric) == name) return;
        known.add_new(metric_name(column.metric), seen);
    }
    refuse_word(of_trial ? "metric of a trial" : "metric", quoted(name), known.text());
}

inline void require_schedule(const description& about, std::int64_t schedule) {
    std::vector<std::uint32_t> known;
    for (const group_info& group : about.groups) {
        if (group.schedule == schedule) return;
        if (known.empty() || known.back() != group.schedule) known.push_back(group.schedule);
    }
    refuse_word("schedule", std::to_string(schedule), number_ranges(known));
}

[[noreturn]] inline void refuse_missing(const std::string& message) {
    throw error(errc::missing, message);
}

/// REQUIRES: dataset and schedule are words the file knows.
inline std::uint32_t require_group(const description& about, std::string_view name,
                                   std::int64_t schedule) {
    const std::uint32_t dataset = find_dataset(about, name);
    const std::uint32_t group = find_group(about, dataset, schedule);
    if (group != k_none) return group;
    std::vector<std::uint32_t> known;
    for (const group_info& other : about.groups)
        if (other.dataset == dataset) known.push_back(other.schedule);
    refuse_missing(std::string(name) + " has no schedule " + std::to_string(schedule) +
                   ": it has " + number_ranges(known));
}

[[noreturn]] inline void explain_no_group(const description& about, std::string_view dataset,
                                          std::int64_t schedule) {
    require_dataset(about, dataset);
    require_schedule(about, schedule);
    require_group(about, dataset, schedule);
    throw error(errc::settings, "no such schedule");  // not reached: a group would have been found
}

inline std::string group_metrics(const description& about, std::uint32_t group,
                                 std::uint32_t split) {
    text_list known;
    for (const column_info& column : about.columns)
        if (column.group == group && column.split == split) known.add(metric_name(column.metric));
    return known.text();
}

[[noreturn]] inline void explain_no_column(const description& about, const question& q) {
    require_dataset(about, q.dataset);
    require_split(about, q.split);
    require_metric(about, q.metric, false);
    require_schedule(about, q.schedule);
    const std::uint32_t dataset = find_dataset(about, q.dataset);
    const std::uint32_t split = find_split(about, dataset, q.split);
    if (split == k_none) {
        text_list known;
        for (const split_info& other : about.splits)
            if (other.dataset == dataset) known.add(other.name);
        refuse_missing(std::string(q.dataset) + " has no split " + std::string(q.split) +
                       ": it has " + known.text());
    }
    const std::uint32_t group = require_group(about, q.dataset, q.schedule);
    refuse_missing(std::string(q.dataset) + ", schedule " + std::to_string(q.schedule) + ", " +
                   std::string(q.split) + " has no " + std::string(q.metric) + ": it has " +
                   group_metrics(about, group, split));
}

[[noreturn]] inline void explain_no_trial_column(const description& about, const question& q) {
    require_dataset(about, q.dataset);
    require_metric(about, q.metric, true);
    require_schedule(about, q.schedule);
    const std::uint32_t group = require_group(about, q.dataset, q.schedule);
    refuse_missing(std::string(q.dataset) + ", schedule " + std::to_string(q.schedule) +
                   " has no " + std::string(q.metric) + ": its trials have " +
                   group_metrics(about, group, k_none));
}

[[noreturn]] inline void explain_no_user_column(const description& about, std::string_view name) {
    text_list known;
    for (const user_column_info& column : about.user_columns) known.add(column.name);
    std::string message = "no user column " + quoted(name) + ": this file has " +
                          (about.user_columns.empty() ? "none" : known.text());
    const auto which = find_metric(name);
    if (which)
        message += "; a metric is asked for by dataset, " +
                   std::string(is_trial_metric(*which) ? "" : "split, ") +
                   "metric, schedule and seed";
    if (find_dataset(about, name) != k_none)
        message += "; of a data set, name split, metric, schedule and seed too";
    throw error(errc::settings, message);
}

[[noreturn]] inline void refuse_epoch(std::int64_t schedule, const std::string& found) {
    throw error(errc::settings, "epoch must be " + std::to_string(-schedule) + ".." +
                                    std::to_string(schedule - 1) + " for schedule " +
                                    std::to_string(schedule) + ", found " + found);
}

inline std::string column_text(const description& about, const column_info& column) {
    const group_info& group = about.groups[column.group];
    std::string out =
        about.datasets[group.dataset].name + ", schedule " + std::to_string(group.schedule);
    if (column.split != k_none) out += ", " + about.splits[column.split].name;
    return out + ", " + std::string(metric_name(column.metric));
}

inline std::vector<std::uint32_t> column_epochs(const description& about,
                                                const column_info& column) {
    const auto begin = about.epochs.begin() + column.first_epoch;
    return {begin, begin + column.epoch_count};
}

/// `where` tells which of many was asked for.
[[noreturn]] inline void explain_no_epoch(const description& about, const column_info& column,
                                          std::int64_t epoch, const std::string& where = {}) {
    refuse_missing(
        column_text(about, column) + ": epoch " + std::to_string(epoch) + where +
        " was not recorded; epochs recorded: " + number_ranges(column_epochs(about, column)));
}

/// A seed that no trial of the group has.
[[noreturn]] inline void explain_group_seed(const description& about, const column_info& column,
                                            const std::string& seed) {
    refuse_missing(column_text(about, column) + ": seed " + seed + " was not recorded, only " +
                   number_ranges(about.groups[column.group].seeds));
}

}  // namespace nb201store::detail
