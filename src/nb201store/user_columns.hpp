// User columns: one value a cell, brought by a user and attached to an image. The sections are
// optional, so that a reader which does not know them still answers everything else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "column_source.hpp"
#include "record_reader.hpp"

namespace nb201store::detail {

inline constexpr std::string_view k_user_columns = "user_columns";

constexpr bool is_letter(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

constexpr bool is_user_name_char(char c) noexcept {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

constexpr bool is_unit_char(char c) noexcept { return c >= ' ' && c <= '~'; }

/// Words that mean something else wherever a column can be named.
constexpr bool is_reserved_name(std::string_view name) noexcept {
    for (std::uint32_t i = 1; i <= k_metric_count; ++i)
        if (metric_name(static_cast<metric>(i)) == name) return true;
    return name == "code" || name == "arch_str" || name == "official_index";
}

/// Number of the optional section that field `at` of a record names, of this dtype and [count].
/// `taken`: by section number, those of columns before; no two share one, which keeps a full check
/// linear in the size of the file.
inline std::uint32_t user_section(const file_parts& parts, const record& from, std::size_t at,
                                  dtype type, std::uint64_t count, std::vector<bool>& taken) {
    const std::uint32_t number = from.u32(at);
    from.expect(number < parts.sections.size(), at, "the number of a section");
    const section& entry = parts.sections[number];
    if (entry.required || entry.dtype != type || entry.rank != 1 || entry.shape[0] != count)
        from.where().refuse(errc::format, at,
                            "an optional section " + std::string(dtype_name(type)) + " [" +
                                std::to_string(count) + "]",
                            "section " + quoted(entry.name) + ", " + shape_text(entry) +
                                (entry.required ? ", required" : ""));
    from.expect(!taken[number], at, "a section that no other column has");
    taken[number] = true;
    return number;
}

inline user_column_info read_user_column(const file_parts& parts, const record& r,
                                         const description& out, std::vector<bool>& taken) {
    constexpr const char* k_name = "a zero-padded name of letters, digits, _ . -, a letter first";
    user_column_info column{r.text(0, 64, is_user_name_char, k_name), "", k_none, k_none};
    if (!is_letter(column.name.front()))
        r.where().refuse(errc::format, 0, k_name, quoted(column.name));
    if (is_reserved_name(column.name))
        r.where().refuse(errc::format, 0, "a name that is no metric and no key of a cell",
                         quoted(column.name));
    for (const user_column_info& other : out.user_columns)
        if (other.name == column.name)
            r.where().refuse(errc::format, 0, "a name used once", quoted(column.name) + " again");
    if (!r.is_zero(64, 32))
        column.unit = r.text(64, 32, is_unit_char, "a zero-padded unit of printable ASCII");
    const std::uint64_t cells = out.space.cells;
    column.data = user_section(parts, r, 96, dtype::f8, cells, taken);
    if (r.u32(100) != k_none)
        column.present = user_section(parts, r, 100, dtype::u8, (cells + 7) / 8, taken);
    r.zero(104, 24);
    return column;
}

/// REQUIRES: `out` holds the space.
inline void read_user_columns(const file_parts& parts, description& out) {
    std::vector<bool> taken(parts.sections.size(), false);
    for (const section& entry : parts.sections) {
        if (entry.name != k_user_columns) continue;
        if (entry.required)
            parts.at(entry).refuse(errc::format, 0, "an optional section", "the required flag");
        require_checksum(parts, entry);
        const records rows(parts, entry, 128);
        out.user_columns.reserve(rows.count());
        for (std::size_t i = 0; i < rows.count(); ++i)
            out.user_columns.push_back(read_user_column(parts, rows[i], out, taken));
    }
}

/// REQUIRES: read_user_column checked the sections of `column`.
inline column_source user_column_source(const file_parts& parts, const user_column_info& column) {
    column_source source;
    source.data = parts.bytes(parts.sections[column.data]);
    if (column.present != k_none) source.present = parts.bytes(parts.sections[column.present]);
    source.layout = layout::user;
    return source;
}

}  // namespace nb201store::detail
