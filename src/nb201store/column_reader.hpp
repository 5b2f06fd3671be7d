// Reads the columns of an image and checks each cross-reference against what its encoding needs.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "description_reader.hpp"

namespace nb201store::detail {

/// `epochs`, with the end of the ascending run that each place lies in: every column's run is then
/// checked in O(1).
struct epoch_runs {
    epoch_runs(const file_parts& parts) : list(parts, "epochs"), run_end(list.values.size()) {
        const std::vector<std::uint32_t>& epochs = list.values;
        for (std::size_t i = epochs.size(); i-- > 0;) {
            const bool last = i + 1 == epochs.size() || epochs[i] >= epochs[i + 1];
            run_end[i] = last ? i + 1 : run_end[i + 1];
        }
    }

    u32_list list;
    std::vector<std::size_t> run_end;
};

inline std::uint64_t present_width(std::uint32_t epoch_count) noexcept {
    return (std::uint64_t{epoch_count == 0 ? 1 : epoch_count} + 7) / 8;
}

inline void check_column_key(const record& r, const column_info& column, const description& out) {
    r.expect(column.group < out.groups.size(), 0, "a row of trials");
    const auto number = static_cast<std::uint32_t>(column.metric);
    r.expect(number >= 1 && number <= k_metric_count, 8, "metric 1 to 7");
    const auto code = static_cast<std::uint32_t>(column.encoding);
    r.expect(code >= 1 && code <= k_encoding_count, 12, "encoding 1 to 8");
    if (is_trial_metric(column.metric)) {
        r.expect(column.split == k_none, 4, "no split for a metric of the trial");
    } else {
        r.expect(column.split < out.splits.size(), 4, "a row of splits");
        r.expect(out.splits[column.split].dataset == out.groups[column.group].dataset, 4,
                 "a split of the group's data set");
    }
    if (out.columns.empty()) return;
    const column_info& before = out.columns.back();
    r.expect(std::tie(before.group, before.split, before.metric) <
                 std::tie(column.group, column.split, column.metric),
             0, "columns ordered by (group, split, metric), each once; the group");
}

inline void check_column_epochs(const record& r, const column_info& column, const epoch_runs& runs,
                                std::uint32_t schedule) {
    if (is_trial_metric(column.metric)) {
        r.expect(column.first_epoch == 0, 16, "first epoch 0 for a metric of the trial");
        r.expect(column.epoch_count == 0, 20, "no epochs for a metric of the trial");
        return;
    }
    r.expect(column.epoch_count >= 1 && column.epoch_count <= 0xFFFF, 20, "1 to 65535 epochs");
    const std::uint64_t end = std::uint64_t{column.first_epoch} + column.epoch_count;
    r.expect(end <= runs.list.values.size(), 16, "all epochs of the column within section epochs");
    r.expect(end <= runs.run_end[column.first_epoch], 16, "ascending epochs from there on");
    const std::uint32_t last = runs.list.values[static_cast<std::size_t>(end - 1)];
    runs.list.where.expect(last < schedule, 4 * (end - 1), "an epoch below the column's schedule",
                           last);
}

inline bool encoding_fits(encoding code, metric which) noexcept {
    switch (code) {
        case encoding::hits:
        case encoding::packed_hits:
            return which == metric::accuracy || which == metric::top5;
        case encoding::value:
            return which == metric::loss || which == metric::time;
        case encoding::per_trial:
        case encoding::per_cell:
        case encoding::dictionary:
            return which >= metric::time;
        case encoding::list:
            return which == metric::latency_s;
        case encoding::per_image:
            return which == metric::time;
    }
    return false;
}

inline bool data_fits(const data_reference& data, const column_info& column, std::uint64_t rows,
                      std::uint64_t cells) {
    const std::uint64_t epochs = column.epoch_count;
    switch (column.encoding) {
        case encoding::hits:
            return data.is(dtype::u16, rows, epochs) || data.is(dtype::u32, rows, epochs);
        case encoding::packed_hits:
            return data.is(dtype::u32, rows, epochs);
        case encoding::value:
            return data.is(dtype::f4, rows, epochs) || data.is(dtype::f8, rows, epochs);
        case encoding::per_trial:
            return data.is(dtype::f8, rows);
        case encoding::per_cell:
        case encoding::per_image:
            return data.is(dtype::f8, cells);
        case encoding::dictionary:
            return data.is(dtype::u16, rows);
        case encoding::list:
            return data.is(dtype::u32, rows + 1);
    }
    return false;
}

inline void check_column_extra(const file_parts& parts, const record& r, const column_info& column,
                               const description& out, std::uint64_t rows) {
    const bool last_hits =
        column.encoding == encoding::hits && out.splits[column.split].last_batch != 0;
    const bool values =
        column.encoding == encoding::dictionary || column.encoding == encoding::list;
    if (!last_hits && !values) {
        r.expect(column.extra == k_none, 28, "no extra section (4294967295)");
        return;
    }
    const data_reference extra(parts, r, 28);
    if (last_hits && !extra.is(dtype::u8, rows, column.epoch_count))
        extra.refuse("last-batch hits u8 [" + std::to_string(rows) + ", " +
                     std::to_string(column.epoch_count) + "]");
    if (values && (extra.entry().dtype != dtype::f8 || extra.entry().rank != 1))
        extra.refuse("values f8 [n]");
}

inline void check_column_sections(const file_parts& parts, const record& r,
                                  const column_info& column, const description& out) {
    const std::uint64_t rows = out.groups[column.group].rows;
    r.expect(encoding_fits(column.encoding, column.metric), 12,
             "an encoding that the metric can have");
    const data_reference data(parts, r, 24);
    if (!data_fits(data, column, rows, out.space.cells))
        data.refuse("data of encoding " + std::string(encoding_name(column.encoding)) + " for " +
                    std::to_string(rows) + " rows and " + std::to_string(column.epoch_count) +
                    " epochs");
    check_column_extra(parts, r, column, out, rows);
    if (column.present == k_none) return;
    const data_reference present(parts, r, 32);
    const std::uint64_t width = present_width(column.epoch_count);
    if (!present.is(dtype::u8, rows, width))
        present.refuse("presence bits u8 [" + std::to_string(rows) + ", " + std::to_string(width) +
                       "]");
}

/// REQUIRES: `out` holds everything else of the description.
inline void read_columns(const file_parts& parts, description& out) {
    const records rows(parts, "columns", 64);
    epoch_runs runs(parts);
    for (std::uint32_t i = 0; i < rows.count(); ++i) {
        const record r = rows[i];
        const column_info column{r.u32(0),
                                 r.u32(4),
                                 static_cast<metric>(r.u32(8)),
                                 static_cast<encoding>(r.u32(12)),
                                 r.u32(16),
                                 r.u32(20),
                                 r.u32(24),
                                 r.u32(28),
                                 r.u32(32)};
        check_column_key(r, column, out);
        check_column_epochs(r, column, runs, out.groups[column.group].schedule);
        check_column_sections(parts, r, column, out);
        r.zero(36, 28);
        group_info& group = out.groups[column.group];
        if (group.column_count++ == 0) group.first_column = i;
        out.columns.push_back(column);
    }
    out.epochs = std::move(runs.list.values);
}

}  // namespace nb201store::detail
