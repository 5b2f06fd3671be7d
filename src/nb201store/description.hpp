// What an image says it holds: space, data sets, splits, trials and columns, as plain checked
// values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nb201store {

/// Part of the file format, append only.
enum class metric : std::uint32_t {
    accuracy = 1,  ///< top-1, percent
    top5,          ///< percent
    loss,          ///< nats
    time,          ///< seconds of that epoch
    params_m,      ///< million parameters; of the trial, as the next two
    flops_m,       ///< million multiply-adds
    latency_s,     ///< seconds per evaluation batch
};

/// Part of the file format, append only.
enum class encoding : std::uint32_t {
    hits = 1,
    packed_hits,
    value,
    per_trial,
    per_cell,
    dictionary,
    list,
    per_image,
};

inline constexpr std::uint32_t k_metric_count = 7;
inline constexpr std::uint32_t k_encoding_count = 8;

constexpr std::string_view metric_name(metric which) noexcept {
    constexpr std::string_view names[] = {"accuracy", "top5",    "loss",     "time",
                                          "params_m", "flops_m", "latency_s"};
    return names[static_cast<std::uint32_t>(which) - 1];
}

constexpr std::string_view encoding_name(encoding which) noexcept {
    constexpr std::string_view names[] = {"hits",     "packed_hits", "value", "per_trial",
                                          "per_cell", "dictionary",  "list",  "per_image"};
    return names[static_cast<std::uint32_t>(which) - 1];
}

/// Whether a metric is one of the trial itself (params_m ...) and not of one of its splits.
constexpr bool is_trial_metric(metric which) noexcept { return which >= metric::params_m; }

struct space_info {
    std::string name;  ///< "tss" or "sss"
    std::uint32_t cells;
    std::uint32_t positions;  ///< digits of a code
    std::uint32_t base;       ///< of a code
    std::uint32_t channels;   ///< 0 where the widths are what is searched
    std::uint32_t cells_per_stage;
    std::uint32_t in_channels;
    std::uint32_t batch;
    std::vector<std::string> choices;  ///< `base` names, digit 0 first
};

struct dataset_info {
    std::string name;
    std::uint32_t classes;
    std::uint32_t image_size;  ///< pixels a side
    std::uint32_t first_split = 0;
    std::uint32_t split_count = 0;
};

struct split_info {
    std::string name;
    std::uint32_t dataset;
    std::uint32_t images;
    std::uint32_t last_batch;  ///< 0 where it does not matter to a percentage
};

/// The trials of one schedule on one data set.
struct group_info {
    std::uint32_t schedule;
    std::uint32_t dataset;
    std::vector<std::uint32_t> seeds;  ///< ascending
    std::uint32_t rows;                ///< trials that exist
    std::uint32_t row_table;           ///< section number; k_none where every cell has every seed
    std::uint32_t first_column = 0;
    std::uint32_t column_count = 0;
};

inline constexpr std::uint32_t k_none = 0xFFFFFFFFu;

/// One metric of one split (or of the trial) in one group.
struct column_info {
    std::uint32_t group;
    std::uint32_t split;  ///< k_none for a metric of the trial
    nb201store::metric metric;
    nb201store::encoding encoding;
    std::uint32_t first_epoch;  ///< in description::epochs
    std::uint32_t epoch_count;  ///< 0 for a metric of the trial
    std::uint32_t data;         ///< section number
    std::uint32_t extra;        ///< section number or k_none
    std::uint32_t present;      ///< section number or k_none
};

/// One value a cell, brought by a user (docs/format.md, "User columns").
struct user_column_info {
    std::string name;
    std::string unit;       ///< may be empty
    std::uint32_t data;     ///< section number
    std::uint32_t present;  ///< section number or k_none
};

struct description {
    space_info space;
    std::vector<dataset_info> datasets;
    std::vector<split_info> splits;     ///< by data set
    std::vector<group_info> groups;     ///< by (schedule, data set)
    std::vector<std::uint32_t> epochs;  ///< runs that columns point into
    std::vector<column_info> columns;   ///< by (group, split, metric)
    std::vector<user_column_info> user_columns;
};

}  // namespace nb201store
