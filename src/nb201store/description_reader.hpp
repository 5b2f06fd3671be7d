// Reads the description of an image and checks every field of it but the columns
// (columns_reader.hpp).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "description.hpp"
#include "record_reader.hpp"

namespace nb201store::detail {

/// base ^ positions, or 0 where that is no u32. REQUIRES: base >= 2.
inline std::uint32_t cell_count(std::uint32_t base, std::uint32_t positions) noexcept {
    std::uint64_t cells = 1;
    for (std::uint32_t i = 0; i < positions; ++i) {  // at most 32 rounds: it doubles at least
        cells *= base;
        if (cells > std::numeric_limits<std::uint32_t>::max()) return 0;
    }
    return static_cast<std::uint32_t>(cells);
}

inline space_info read_space(const file_parts& parts) {
    const records rows(parts, "space", 64);
    rows.where().expect(rows.count() == 1, 0, "one record", rows.count());
    const record r = rows[0];
    space_info space{r.name(0, 16), r.u32(16), r.u32(20), r.u32(24), r.u32(28),
                     r.u32(32),     r.u32(36), r.u32(40), {}};
    if (space.name != "tss" && space.name != "sss")
        r.where().refuse(errc::format, 0, "space tss or sss", quoted(space.name));
    r.expect(space.positions >= 1, 20, "at least 1 position");
    r.expect(space.base >= 2, 24, "at least 2 choices");
    r.expect(space.cells != 0 && space.cells == cell_count(space.base, space.positions), 16,
             "cells = choices ^ positions");
    r.zero(44, 20);
    const records names(parts, "choices", 32);
    names.where().expect(names.count() == space.base, 0, "a record for each choice", names.count());
    for (std::size_t i = 0; i < names.count(); ++i) space.choices.push_back(names[i].name(0, 32));
    return space;
}

inline void read_datasets(const file_parts& parts, description& out) {
    const records rows(parts, "datasets", 64);
    for (std::size_t i = 0; i < rows.count(); ++i) {
        const record r = rows[i];
        dataset_info dataset{r.name(0, 40), r.u32(40), r.u32(44)};
        for (const dataset_info& other : out.datasets)
            if (other.name == dataset.name)
                r.where().refuse(errc::format, 0, "a name used once",
                                 quoted(dataset.name) + " again");
        r.zero(48, 16);
        out.datasets.push_back(std::move(dataset));
    }
}

inline void read_splits(const file_parts& parts, description& out) {
    const records rows(parts, "splits", 64);
    std::uint32_t before = 0;
    for (std::uint32_t i = 0; i < rows.count(); ++i) {
        const record r = rows[i];
        split_info split{r.name(0, 40), r.u32(40), r.u32(44), r.u32(48)};
        r.expect(split.dataset < out.datasets.size(), 40, "a row of datasets");
        r.expect(split.dataset >= before, 40, "splits in the order of data sets");
        r.expect(split.images >= 1 && split.images <= 0xFFFFFF, 44, "1 to 16777215 images");
        r.expect(split.last_batch <= 255 && split.last_batch <= split.images, 48,
                 "a last batch of at most 255 images of the split");
        r.zero(52, 12);
        before = split.dataset;
        dataset_info& dataset = out.datasets[split.dataset];
        if (dataset.split_count == 0) dataset.first_split = i;
        for (std::uint32_t s = dataset.first_split; s < i; ++s)
            if (out.splits[s].name == split.name)
                r.where().refuse(errc::format, 0, "a name used once in the data set",
                                 quoted(split.name) + " again");
        ++dataset.split_count;
        out.splits.push_back(std::move(split));
    }
}

/// The number of a section that holds data, with its dtype and shape as the caller says they must
/// be.
class data_reference {
  public:
    data_reference(const file_parts& parts, const record& from, std::size_t at)
        : parts_(parts), from_(from), at_(at), number_(from.u32(at)) {
        if (number_ >= parts.sections.size())
            from.where().refuse(errc::format, at,
                                "a section number below " + std::to_string(parts.sections.size()),
                                std::to_string(number_));
        if (!entry().required) refuse("a data section with the required flag");
    }

    const section& entry() const noexcept { return parts_.sections[number_]; }
    std::uint32_t number() const noexcept { return number_; }

    bool is(dtype type, std::uint64_t rows) const noexcept {
        return entry().dtype == type && entry().rank == 1 && entry().shape[0] == rows;
    }
    bool is(dtype type, std::uint64_t rows, std::uint64_t width) const noexcept {
        return entry().dtype == type && entry().rank == 2 && entry().shape[0] == rows &&
               entry().shape[1] == width;
    }

    [[noreturn]] void refuse(const std::string& expected) const {
        from_.where().refuse(errc::format, at_, expected,
                             "section " + quoted(entry().name) + ", " + shape_text(entry()) +
                                 (entry().required ? "" : ", optional"));
    }

  private:
    const file_parts& parts_;
    const record& from_;
    std::size_t at_;
    std::uint32_t number_;
};

inline std::vector<std::uint32_t> read_group_seeds(const record& r, const u32_list& seeds) {
    const std::uint32_t count = r.u32(8);
    const std::uint32_t first = r.u32(12);
    r.expect(count >= 1 && count <= 255, 8, "1 to 255 seeds");
    r.expect(std::uint64_t{first} + count <= seeds.values.size(), 12,
             "all seeds of the group within section seeds");
    const auto begin = seeds.values.begin() + first;
    std::vector<std::uint32_t> own(begin, begin + count);
    for (std::uint32_t i = 1; i < count; ++i)
        seeds.where.expect(own[i - 1] < own[i], 4 * (std::uint64_t{first} + i), "ascending seeds",
                           own[i]);
    return own;
}

inline void check_row_table(const file_parts& parts, const record& r, const group_info& group,
                            std::uint32_t cells) {
    if (group.row_table == k_none) {
        r.expect(group.rows == std::uint64_t{cells} * group.seeds.size(), 20,
                 "a row table, since there are other than cells x seeds rows");
        return;
    }
    const data_reference table(parts, r, 20);
    if (!table.is(dtype::i32, cells, group.seeds.size()))
        table.refuse("a row table i32 [" + std::to_string(cells) + ", " +
                     std::to_string(group.seeds.size()) + "]");
}

inline void read_groups(const file_parts& parts, description& out) {
    const records rows(parts, "trials", 64);
    const u32_list seeds(parts, "seeds");
    for (std::size_t i = 0; i < rows.count(); ++i) {
        const record r = rows[i];
        group_info group{r.u32(0), r.u32(4), read_group_seeds(r, seeds), r.u32(16), r.u32(20)};
        r.expect(group.schedule >= 1 && group.schedule <= 0xFFFF, 0, "a schedule of 1 to 65535");
        r.expect(group.dataset < out.datasets.size(), 4, "a row of datasets");
        if (!out.groups.empty()) {
            const group_info& before = out.groups.back();
            r.expect(before.schedule <= group.schedule, 0, "groups ordered by schedule");
            r.expect(before.schedule < group.schedule || before.dataset < group.dataset, 4,
                     "groups of a schedule ordered by data set, each once");
        }
        r.expect(group.rows <= 0x7FFFFFFF &&
                     group.rows <= std::uint64_t{out.space.cells} * group.seeds.size(),
                 16, "at most cells x seeds rows, numbered by an i32");
        check_row_table(parts, r, group, out.space.cells);
        r.zero(24, 40);
        out.groups.push_back(std::move(group));
    }
}

}  // namespace nb201store::detail
