// What each section is for: refuses required sections that nothing refers to, and optional ones of
// a wrong shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "description.hpp"
#include "record_reader.hpp"

namespace nb201store::detail {

constexpr bool is_description_section(std::string_view name) noexcept {
    constexpr std::string_view names[] = {"space",  "choices", "datasets", "splits",
                                          "trials", "seeds",   "epochs",   "columns"};
    for (const std::string_view known : names)
        if (known == name) return true;
    return false;
}

/// Which sections hold data, by section number.
inline std::vector<bool> data_sections(std::size_t count, const description& about) {
    std::vector<bool> used(count, false);
    for (const group_info& group : about.groups)
        if (group.row_table != k_none) used[group.row_table] = true;
    for (const column_info& column : about.columns)
        for (const std::uint32_t number : {column.data, column.extra, column.present})
            if (number != k_none) used[number] = true;
    return used;
}

inline void expect_shape(const file_parts& parts, const section& entry, dtype type,
                         std::uint64_t rows) {
    if (entry.dtype == type && entry.rank == 1 && entry.shape[0] == rows) return;
    parts.at(entry).refuse(errc::format, 0,
                           std::string(dtype_name(type)) + " [" + std::to_string(rows) + "]",
                           shape_text(entry));
}

/// Optional sections that this version of the format knows; others are free.
inline void check_optional_section(const file_parts& parts, const section& entry,
                                   const description& about) {
    if (entry.name == "about" || entry.name == "forms" || entry.name == "user_about")
        return expect_shape(parts, entry, dtype::text, entry.shape[0]);
    if (entry.name == "cell_form") return expect_shape(parts, entry, dtype::u16, about.space.cells);
    for (const group_info& group : about.groups)
        if (entry.name ==
            std::to_string(group.schedule) + "/" + about.datasets[group.dataset].name + "/form")
            return expect_shape(parts, entry, dtype::u16, group.rows);
}

inline void check_section_roles(const file_parts& parts, const description& about) {
    const std::vector<bool> holds_data = data_sections(parts.sections.size(), about);
    for (std::size_t i = 0; i < parts.sections.size(); ++i) {
        const section& entry = parts.sections[i];
        const bool describes = is_description_section(entry.name);
        if (describes && holds_data[i])
            parts.at(entry).refuse(errc::format, 0, "a description section",
                                   "a column or a group that takes it for data");
        if (entry.required && !describes && !holds_data[i])
            parts.at(entry).refuse(errc::format, 0, "a required section this reader knows",
                                   "one that no column or group refers to");
        if (!entry.required) check_optional_section(parts, entry, about);
    }
}

}  // namespace nb201store::detail
