// The first 64 bytes of an image (docs/format.md, "Header").
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "crc32c.hpp"
#include "error.hpp"
#include "load.hpp"
#include "mapped_file.hpp"
#include "site.hpp"

namespace nb201store {

/// The format version this reader implements; it opens files that ask for this or an older one.
inline constexpr std::uint16_t k_reader_version = 1;

struct image_header {
    std::uint16_t reader_version;  ///< oldest reader that can read the file
    std::uint16_t writer_version;  ///< format version of the program that wrote it
    std::uint32_t section_count;
    std::uint32_t table_crc32c;
};

namespace detail {

inline constexpr std::size_t k_header_size = 64;
inline constexpr std::uint32_t k_max_sections = 4096;
inline constexpr std::uint8_t k_magic[8] = {0x89, 'N', 'B', '2', '0', '1', '\r', '\n'};

inline bool all_zero(const std::uint8_t* bytes, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i)
        if (bytes[i] != 0) return false;
    return true;
}

inline void check_header_size(const file_bytes& file, const site& here) {
    if (file.size < k_header_size)
        here.refuse(errc::format, 0, "at least 64 bytes",
                    "a truncated file of " + std::to_string(file.size) + " bytes");
    const std::uint64_t stated = load_u64(file.data + 16);
    if (stated == file.size) return;
    here.refuse(errc::format, 16, "a file of " + std::to_string(stated) + " bytes",
                std::string(file.size < stated ? "a truncated file of " : "a file of ") +
                    std::to_string(file.size) + " bytes");
}

inline void check_magic(const file_bytes& file, const site& here) {
    const std::size_t have = file.size < sizeof k_magic ? file.size : sizeof k_magic;
    if (have != 0 && std::memcmp(file.data, k_magic, have) == 0) return;
    here.refuse(errc::format, 0, "the magic bytes 89 4E 42 32 30 31 0D 0A of an nb201 image",
                have == 0 ? "an empty file"
                          : "something else (an official file: nb201 convert makes its image)");
}

inline image_header read_header(const file_bytes& file, const std::string& path) {
    const site here{path, "header", 0, false};
    check_magic(file, here);
    if (file.size < k_header_size) check_header_size(file, here);
    // Checksum before version: a flipped bit must not read as "get a newer program".
    const std::uint32_t stated = load_u32(file.data + 60);
    const std::uint32_t actual = crc32c(file.data, 60);
    if (stated != actual)
        here.refuse(errc::checksum, 60, "CRC32C " + hexadecimal(stated), hexadecimal(actual));
    const image_header header{load_u16(file.data + 8), load_u16(file.data + 10),
                              load_u32(file.data + 12), load_u32(file.data + 32)};
    if (header.reader_version > k_reader_version)
        here.refuse(errc::version, 8, "reader version at most " + std::to_string(k_reader_version),
                    "a file that needs reader version " + std::to_string(header.reader_version) +
                        " (install a newer nb201store)");
    here.expect(header.reader_version > 0, 8, "reader version at least 1", 0);
    here.expect(header.writer_version >= header.reader_version, 10,
                "writer version not below the reader version", header.writer_version);
    here.expect(header.section_count >= 1 && header.section_count <= k_max_sections, 12,
                "1 to 4096 sections", header.section_count);
    check_header_size(file, here);
    const std::uint64_t table_offset = load_u64(file.data + 24);
    here.expect(table_offset == k_header_size, 24, "table offset 64", table_offset);
    if (!all_zero(file.data + 36, 24)) here.refuse(errc::format, 36, "24 zero bytes", "others");
    return header;
}

}  // namespace detail
}  // namespace nb201store
