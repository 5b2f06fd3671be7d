// Cells that differ from one in a single place, for whatever space an image describes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "description.hpp"

namespace nb201store {

/// How many neighbours a cell has: 24 (tss), 35 (sss).
inline std::size_t neighbour_count(const space_info& space) noexcept {
    return std::size_t{space.positions} * (space.base - 1);
}

/// Write `neighbour_count` codes: first place first, ascending choices, as `tss_neighbours` orders
/// them. REQUIRES: code < space.cells.
inline void neighbour_codes(const space_info& space, std::uint32_t code,
                            std::int64_t* out) noexcept {
    std::uint32_t weight = space.cells;
    for (std::uint32_t place = 0; place < space.positions; ++place) {
        weight /= space.base;
        const std::int64_t own = code / weight % space.base;
        for (std::int64_t choice = 0; choice < space.base; ++choice)
            if (choice != own) *out++ = code + (choice - own) * weight;
    }
}

}  // namespace nb201store
