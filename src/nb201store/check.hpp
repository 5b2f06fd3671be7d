// The full check of an image: every byte by CRC32C, every gap, and every number in data that could
// lie.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "value_errors.hpp"

namespace nb201store {

/// Called with (bytes done, bytes in all) as a check goes on; what it throws ends the check.
using check_progress = std::function<void(std::uint64_t, std::uint64_t)>;

namespace detail {

inline void check_gap(const image_state& state, std::uint64_t begin, const section& next) {
    const auto size = static_cast<std::size_t>(next.offset - begin);
    if (!all_zero(state.file.data + static_cast<std::size_t>(begin), size))
        state.parts().at(next).refuse(
            errc::format, 0, "zero bytes before it, from byte " + std::to_string(begin), "others");
}

inline void check_checksum(const image_state& state, const section& entry,
                           const check_progress& progress) {
    constexpr std::size_t k_step = std::size_t{1} << 22;  // 4 MiB: some 2 ms between calls
    const std::uint8_t* bytes = state.parts().bytes(entry);
    const auto size = static_cast<std::size_t>(entry.size);
    std::uint32_t crc = 0;
    for (std::size_t done = 0; done < size; done += k_step) {
        crc = crc32c(bytes + done, std::min(k_step, size - done), crc);
        if (progress) progress(entry.offset + std::min(done + k_step, size), state.file.size);
    }
    if (crc != entry.crc32c)
        state.parts().at(entry).refuse(errc::checksum, 0, "CRC32C " + hexadecimal(entry.crc32c),
                                       hexadecimal(crc));
}

/// Every row number is used once, in ascending (code, seed).
inline void check_rows(const image_state& state, std::uint32_t group) {
    const trial_rows& trials = state.trials[group];
    if (trials.table == nullptr) return;
    std::uint32_t next = 0;
    for (std::size_t code = 0; code < trials.cells; ++code)
        for (std::uint32_t seed = 0; seed < trials.seeds; ++seed) {
            const std::uint32_t row = trials.row(code, seed);
            if (row == k_none) continue;
            if (row != next || next == trials.rows)
                refuse_row(state, group, code, seed,
                           next == trials.rows ? "-1 (all rows are taken)"
                                               : "row " + std::to_string(next) + " or -1");
            ++next;
        }
    if (next != trials.rows)
        state.parts()
            .at(state.sections[state.about.groups[group].row_table])
            .refuse(errc::format, 0, std::to_string(trials.rows) + " rows", std::to_string(next));
}

inline void check_presence_padding(const image_state& state, const column_info& column,
                                   const column_source& source, std::uint32_t rows) {
    const std::uint32_t used = source.epochs & 7u;
    if (source.present == nullptr || used == 0) return;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t at = (row + 1) * source.present_width - 1;
        if (source.present[at] >> used != 0)
            state.parts()
                .at(state.sections[column.present])
                .refuse(errc::format, at, "zero bits past the last epoch",
                        std::to_string(source.present[at]));
    }
}

inline std::uint32_t element_width(layout which) noexcept {
    switch (which) {
        case layout::hits_u16:
        case layout::hits_u16_last:
            return 2;
        case layout::hits_u32:
        case layout::hits_u32_last:
        case layout::packed_hits:
        case layout::value_f4:
            return 4;
        case layout::value_f8:
            return 8;
        default:
            return 0;  // one number a row or cell, not one an epoch
    }
}

/// Where a value is absent its bytes are zero.
inline void check_absent(const image_state& state, const column_info& column,
                         const column_source& source, std::size_t row, std::uint32_t epoch) {
    const std::uint32_t width = element_width(source.layout);
    if (width == 0) return;
    const std::size_t at = row * source.epochs + epoch;
    const bool last_hits =
        source.layout == layout::hits_u16_last || source.layout == layout::hits_u32_last;
    if (!all_zero(source.data + at * width, width))
        state.parts()
            .at(state.sections[column.data])
            .refuse(errc::format, at * width, "zero bytes where no value is present", "others");
    if (last_hits && source.extra[at] != 0)
        state.parts()
            .at(state.sections[column.extra])
            .refuse(errc::format, at, "a zero byte where no value is present",
                    std::to_string(source.extra[at]));
}

/// Every number of a column that is present can be, every one that is not is zero.
inline void check_values(const image_state& state, std::uint32_t number) {
    const column_info& column = state.about.columns[number];
    const column_source& source = state.sources[number];
    const std::uint32_t rows = state.trials[column.group].rows;
    check_presence_padding(state, column, source, rows);
    // Values that are no numbers of hits and are all there need no look: any float can be.
    if (source.present == nullptr &&
        !(column.encoding <= encoding::packed_hits || column.encoding == encoding::dictionary ||
          column.encoding == encoding::list))
        return;
    with_layout(source.layout, [&](auto which) {
        for (std::size_t row = 0; row < rows; ++row)
            for (std::uint32_t epoch = 0; epoch < source.epochs; ++epoch) {
                if (!is_present(source, row, epoch))
                    check_absent(state, column, source, row, epoch);
                else if (stored_value<decltype(which)::value>(source, 0, row, epoch).status ==
                         status::damaged)
                    refuse_value(state, number, row, epoch);
            }
    });
}

/// The lists of a column lie one after the other and leave no value out.
inline void check_list_ends(const image_state& state, std::uint32_t number) {
    const column_info& column = state.about.columns[number];
    const column_source& source = state.sources[number];
    if (source.layout != layout::list) return;
    const site here = state.parts().at(state.sections[column.data]);
    const std::uint64_t rows = state.trials[column.group].rows;
    here.expect(load_u32(source.data) == 0, 0, "offset 0 of the first list", load_u32(source.data));
    const std::uint32_t end = load_u32(source.data + 4 * static_cast<std::size_t>(rows));
    here.expect(end == source.extra_count, 4 * rows, "the last list to end with the values", end);
}

/// The values of a user column are finite, its gaps and the bits past the last cell zero.
inline void check_user_column(const image_state& state, std::uint32_t number) {
    const user_column_info& column = state.about.user_columns[number];
    const column_source& source = state.user_sources[number];
    const std::uint32_t cells = state.about.space.cells;
    for (std::uint32_t code = 0; code < cells; ++code) {
        if (!is_present(source, 0, code)) {
            if (!all_zero(source.data + 8 * std::size_t{code}, 8))
                state.parts()
                    .at(state.sections[column.data])
                    .refuse(errc::format, 8 * std::uint64_t{code},
                            "zero bytes where no value is present", "others");
        } else if (!stored_value<layout::user>(source, code, 0, 0)) {
            explain_user_value(state, number, code);
        }
    }
    const std::size_t last = (std::size_t{cells} - 1) / 8;
    if (source.present != nullptr && cells % 8 != 0 && source.present[last] >> cells % 8 != 0)
        state.parts()
            .at(state.sections[column.present])
            .refuse(errc::format, last, "zero bits past the last cell",
                    std::to_string(source.present[last]));
}

inline void check_image(const image_state& state, const check_progress& progress) {
    std::uint64_t end = k_header_size + k_entry_size * state.sections.size();
    for (const section& entry : state.sections) {
        check_gap(state, end, entry);
        check_checksum(state, entry, progress);
        end = entry.offset + entry.size;
    }
    for (std::uint32_t group = 0; group < state.about.groups.size(); ++group)
        check_rows(state, group);
    for (std::uint32_t number = 0; number < state.about.columns.size(); ++number) {
        check_values(state, number);
        check_list_ends(state, number);
    }
    for (std::uint32_t number = 0; number < state.about.user_columns.size(); ++number)
        check_user_column(state, number);
}

}  // namespace detail
}  // namespace nb201store
