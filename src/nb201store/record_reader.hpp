// Description sections: finding one, and reading the fixed-size records it is made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "section_table.hpp"

namespace nb201store::detail {

/// The parts of a file that reading its description needs, all checked before.
struct file_parts {
    const std::string& path;
    const file_bytes& file;
    const std::vector<section>& sections;

    site at(const section& where) const { return {path, where.name, where.offset, true}; }
    /// SAFETY: read_section_table has bounded offset and size by the file.
    const std::uint8_t* bytes(const section& where) const noexcept {
        return file.data + static_cast<std::size_t>(where.offset);
    }
};

inline std::string shape_text(const section& entry) {
    std::string out(dtype_name(entry.dtype));
    out += " [";
    for (std::size_t axis = 0; axis < entry.rank; ++axis)
        out += (axis == 0 ? "" : ", ") + std::to_string(entry.shape[axis]);
    return out + "]";
}

inline void require_checksum(const file_parts& parts, const section& entry) {
    const std::uint32_t actual = crc32c(parts.bytes(entry), static_cast<std::size_t>(entry.size));
    if (actual != entry.crc32c)
        parts.at(entry).refuse(errc::checksum, 0, "CRC32C " + hexadecimal(entry.crc32c),
                               hexadecimal(actual));
}

/// The section called `name`, with its CRC32C checked.
inline const section& description_section(const file_parts& parts, std::string_view name) {
    for (const section& entry : parts.sections) {
        if (entry.name != name) continue;
        if (!entry.required)
            parts.at(entry).refuse(errc::format, 0, "the required flag", "an optional section");
        require_checksum(parts, entry);
        return entry;
    }
    const site table{parts.path, "section table", k_header_size, false};
    table.refuse(errc::format, 0, "a section " + quoted(name), "none of that name");
}

constexpr bool is_record_name_char(char c) noexcept { return c > ' ' && c <= '~'; }

/// One record of a description section. Positions are bytes within the record.
class record {
  public:
    record(const std::uint8_t* bytes, const site& here) : bytes_(bytes), here_(here) {}

    std::uint32_t u32(std::size_t at) const noexcept { return load_u32(bytes_ + at); }
    const site& where() const noexcept { return here_; }

    std::string name(std::size_t at, std::size_t width) const {
        return text(at, width, is_record_name_char, "a zero-padded name of printable ASCII");
    }

    /// A zero-padded text of 1 character or more, each `allowed`.
    template <class Predicate>
    std::string text(std::size_t at, std::size_t width, Predicate allowed,
                     const char* expected) const {
        const std::size_t length = padded_name_length(bytes_ + at, width, allowed);
        if (length == 0)
            here_.refuse(errc::format, at, expected, quoted(name_from(bytes_ + at, width)));
        return name_from(bytes_ + at, length);
    }

    bool is_zero(std::size_t at, std::size_t size) const noexcept {
        return all_zero(bytes_ + at, size);
    }

    void zero(std::size_t at, std::size_t size) const {
        if (!is_zero(at, size))
            here_.refuse(errc::format, at, std::to_string(size) + " zero bytes", "others");
    }

    void expect(bool ok, std::size_t at, const char* expected) const {
        here_.expect(ok, at, expected, u32(at));
    }

  private:
    const std::uint8_t* bytes_;
    site here_;
};

/// The rows of a `u8 [n, width]` section.
class records {
  public:
    records(const file_parts& parts, std::string_view name, std::uint64_t width)
        : records(parts, description_section(parts, name), width) {}

    /// Of a section whose CRC32C was checked.
    records(const file_parts& parts, const section& entry, std::uint64_t width)
        : parts_(parts), entry_(entry), width_(width) {
        if (entry_.dtype != dtype::u8 || entry_.rank != 2 || entry_.shape[1] != width)
            parts.at(entry_).refuse(errc::format, 0,
                                    "u8 records of " + std::to_string(width) + " bytes",
                                    shape_text(entry_));
        // Far above any real image; keeps comparing records with each other cheap on hostile ones.
        if (entry_.shape[0] > k_max_records)
            parts.at(entry_).refuse(errc::format, 0, "at most 4096 records", shape_text(entry_));
    }

    std::size_t count() const noexcept { return static_cast<std::size_t>(entry_.shape[0]); }
    site where() const { return parts_.at(entry_); }

    record operator[](std::size_t i) const {
        const site here{parts_.path, entry_.name, entry_.offset + width_ * i, true};
        return {parts_.bytes(entry_) + static_cast<std::size_t>(width_) * i, here};
    }

  private:
    static constexpr std::uint64_t k_max_records = 4096;

    const file_parts& parts_;
    const section& entry_;
    std::uint64_t width_;
};

/// A `u32 [n]` description section, and where it lies for messages.
struct u32_list {
    u32_list(const file_parts& parts, std::string_view name)
        : entry(description_section(parts, name)), where(parts.at(entry)) {
        if (entry.dtype != dtype::u32 || entry.rank != 1)
            where.refuse(errc::format, 0, "u32 [n]", shape_text(entry));
        values.reserve(static_cast<std::size_t>(entry.shape[0]));
        for (std::size_t i = 0; i < entry.shape[0]; ++i)
            values.push_back(load_u32(parts.bytes(entry) + 4 * i));
    }

    const section& entry;
    site where;
    std::vector<std::uint32_t> values;
};

}  // namespace nb201store::detail
