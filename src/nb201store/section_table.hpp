// The section table of an image (docs/format.md, "Section table").
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "header.hpp"

namespace nb201store {

/// Element type of a section. Part of the file format, append only.
enum class dtype : std::uint8_t { u8 = 1, u16, u32, i32, f4, f8, text };

constexpr std::uint32_t dtype_size(dtype type) noexcept {
    switch (type) {
        case dtype::u8:
        case dtype::text:
            return 1;
        case dtype::u16:
            return 2;
        case dtype::u32:
        case dtype::i32:
        case dtype::f4:
            return 4;
        case dtype::f8:
            return 8;
    }
    return 1;
}

constexpr std::string_view dtype_name(dtype type) noexcept {
    constexpr std::string_view names[] = {"u8", "u16", "u32", "i32", "f4", "f8", "text"};
    return names[static_cast<std::size_t>(type) - 1];
}

struct section {
    std::string name;
    nb201store::dtype dtype;
    bool required;
    std::uint8_t rank;
    std::array<std::uint64_t, 3> shape;
    std::uint64_t offset;
    std::uint64_t size;
    std::uint32_t crc32c;
};

namespace detail {

inline constexpr std::size_t k_entry_size = 128;
inline constexpr std::uint64_t k_alignment = 64;

constexpr bool is_section_name_char(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.' || c == '/';
}

/// Length of a zero-padded name in `width` bytes, or 0 where it is empty, unterminated, badly
/// padded or refused by `allowed`.
template <class Predicate>
std::size_t padded_name_length(const std::uint8_t* bytes, std::size_t width, Predicate allowed) {
    std::size_t length = 0;
    while (length < width && bytes[length] != 0) {
        if (!allowed(static_cast<char>(bytes[length]))) return 0;
        ++length;
    }
    if (length == width || !all_zero(bytes + length, width - length)) return 0;
    return length;
}

inline std::string name_from(const std::uint8_t* bytes, std::size_t length) {
    return std::string(bytes, bytes + length);
}

/// product of the shape times the width of the dtype, or false where that overflows.
inline bool checked_size(const section& entry, std::uint64_t& size) noexcept {
    size = dtype_size(entry.dtype);
    for (const std::uint64_t extent : entry.shape) {
        if (extent != 0 && size > std::numeric_limits<std::uint64_t>::max() / extent) return false;
        size *= extent;
    }
    return true;
}

inline section read_entry_fields(const std::uint8_t* entry, const site& here) {
    const std::size_t length = padded_name_length(entry, 64, is_section_name_char);
    if (length == 0)
        here.refuse(errc::format, 0, "a zero-padded name of 1 to 63 characters 0-9 A-Z a-z - _ . /",
                    quoted(name_from(entry, 64)));
    const std::uint8_t type = entry[64];
    here.expect(type >= 1 && type <= 7, 64, "dtype 1 to 7", type);
    const std::uint8_t rank = entry[65];
    here.expect(rank >= 1 && rank <= 3, 65, "rank 1 to 3", rank);
    const std::uint16_t flags = load_u16(entry + 66);
    here.expect(flags <= 1, 66, "no flag but bit 0", flags);
    section result{name_from(entry, length),
                   static_cast<dtype>(type),
                   flags == 1,
                   rank,
                   {load_u64(entry + 88), load_u64(entry + 96), load_u64(entry + 104)},
                   load_u64(entry + 72),
                   load_u64(entry + 80),
                   load_u32(entry + 68)};
    here.expect(result.dtype != dtype::text || rank == 1, 65, "rank 1 of a text", rank);
    for (std::size_t axis = rank; axis < 3; ++axis)
        here.expect(result.shape[axis] == 1, 88 + 8 * axis, "1 in a dimension past the rank",
                    result.shape[axis]);
    if (!all_zero(entry + 112, 16)) here.refuse(errc::format, 112, "16 zero bytes", "others");
    return result;
}

/// REQUIRES: end <= file_size <= 2^63 or so; `end` is where the part before ends.
inline void check_entry_extent(const section& entry, std::uint64_t end, std::uint64_t file_size,
                               const site& here) {
    std::uint64_t size = 0;
    const bool fits = checked_size(entry, size);
    if (!fits || size != entry.size)
        here.refuse(errc::format, 80,
                    "size " + (fits ? std::to_string(size) : std::string("below 2^64")) +
                        " of section " + quoted(entry.name) + " by its shape and dtype",
                    fits ? std::to_string(entry.size) : "an overflow");
    const std::uint64_t begin = (end + k_alignment - 1) / k_alignment * k_alignment;
    if (entry.offset != begin)
        here.refuse(errc::format, 72,
                    "section " + quoted(entry.name) + " at byte " + std::to_string(begin),
                    std::to_string(entry.offset));
    if (begin > file_size || entry.size > file_size - begin)
        here.refuse(errc::format, 80,
                    "section " + quoted(entry.name) + " to end within the file's " +
                        std::to_string(file_size) + " bytes",
                    std::to_string(entry.size) + " bytes from byte " + std::to_string(begin));
}

inline void check_names_unique(const std::vector<section>& sections, const site& here) {
    std::vector<std::size_t> order(sections.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto by_name = [&](std::size_t a, std::size_t b) {
        const int ordered = sections[a].name.compare(sections[b].name);
        return ordered != 0 ? ordered < 0 : a < b;
    };
    std::sort(order.begin(), order.end(), by_name);
    for (std::size_t i = 1; i < order.size(); ++i)
        if (sections[order[i]].name == sections[order[i - 1]].name)
            here.refuse(errc::format, k_entry_size * order[i], "a name used once",
                        quoted(sections[order[i]].name) + " again");
}

inline std::vector<section> read_section_table(const file_bytes& file, const image_header& header,
                                               const std::string& path) {
    const site table{path, "section table", k_header_size, false};
    const std::uint64_t table_size = k_entry_size * std::uint64_t{header.section_count};
    if (table_size > file.size - k_header_size)
        table.refuse(errc::format, 0, std::to_string(table_size) + " bytes",
                     "a truncated file of " + std::to_string(file.size) + " bytes");
    const std::uint8_t* bytes = file.data + k_header_size;
    const std::uint32_t actual = crc32c(bytes, static_cast<std::size_t>(table_size));
    if (actual != header.table_crc32c)
        table.refuse(errc::checksum, 0, "CRC32C " + hexadecimal(header.table_crc32c),
                     hexadecimal(actual));
    std::vector<section> sections;
    sections.reserve(header.section_count);
    std::uint64_t end = k_header_size + table_size;
    for (std::size_t i = 0; i < header.section_count; ++i) {
        const site here{path, "section table", k_header_size + k_entry_size * i, false};
        sections.push_back(read_entry_fields(bytes + k_entry_size * i, here));
        check_entry_extent(sections.back(), end, file.size, here);
        end = sections.back().offset + sections.back().size;
    }
    if (end != file.size)
        table.refuse(errc::format, k_entry_size * (header.section_count - 1u) + 80,
                     "the last section to end the file at byte " + std::to_string(file.size),
                     std::to_string(end));
    check_names_unique(sections, table);
    return sections;
}

}  // namespace detail
}  // namespace nb201store
