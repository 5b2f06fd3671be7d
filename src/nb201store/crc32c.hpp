// CRC-32C (Castagnoli), the checksum of every part of an image. Portable slicing-by-8 without
// intrinsics: the same code runs on every CPU.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nb201store {
namespace detail {

using crc_tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr crc_tables make_crc32c_tables() {
    constexpr std::uint32_t k_reflected_polynomial = 0x82F63B78u;
    crc_tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1u) != 0 ? k_reflected_polynomial : 0u);
        tables[0][byte] = crc;
    }
    for (std::size_t slice = 1; slice < 8; ++slice)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFFu];
        }
    return tables;
}

inline constexpr crc_tables k_crc32c_tables = make_crc32c_tables();

}  // namespace detail

/// CRC-32C of `size` bytes; pass the result of an earlier call as `crc` to go on from there.
inline std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc = 0) noexcept {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    const auto& t = detail::k_crc32c_tables;
    crc = ~crc;
    for (; size >= 8; size -= 8, bytes += 8) {
        const std::uint32_t low =
            crc ^ (std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 |
                   std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24);
        crc = t[7][low & 0xFFu] ^ t[6][(low >> 8) & 0xFFu] ^ t[5][(low >> 16) & 0xFFu] ^
              t[4][low >> 24] ^ t[3][bytes[4]] ^ t[2][bytes[5]] ^ t[1][bytes[6]] ^ t[0][bytes[7]];
    }
    for (; size > 0; --size, ++bytes) crc = (crc >> 8) ^ t[0][(crc ^ *bytes) & 0xFFu];
    return ~crc;
}

}  // namespace nb201store
