// Little-endian loads from unaligned bytes, the same on every host. Compilers turn each into one
// move where they can.
#pragma once

#include <cstdint>
#include <cstring>

namespace nb201store::detail {

inline std::uint16_t load_u16(const std::uint8_t* p) noexcept {
    return static_cast<std::uint16_t>(p[0] | p[1] << 8);
}

inline std::uint32_t load_u32(const std::uint8_t* p) noexcept {
    return std::uint32_t{p[0]} | std::uint32_t{p[1]} << 8 | std::uint32_t{p[2]} << 16 |
           std::uint32_t{p[3]} << 24;
}

inline std::uint64_t load_u64(const std::uint8_t* p) noexcept {
    return std::uint64_t{load_u32(p)} | std::uint64_t{load_u32(p + 4)} << 32;
}

inline float load_f4(const std::uint8_t* p) noexcept {
    static_assert(sizeof(float) == 4);
    const std::uint32_t bits = load_u32(p);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline double load_f8(const std::uint8_t* p) noexcept {
    static_assert(sizeof(double) == 8);
    const std::uint64_t bits = load_u64(p);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace nb201store::detail
