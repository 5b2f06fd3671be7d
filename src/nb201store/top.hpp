// The best cells by one column.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "column.hpp"
#include "order.hpp"

namespace nb201store {

struct ranked {
    std::uint32_t code;
    double value;
};

/// The best `n` cells, best first; of equal values the smallest code comes first. A cell takes no
/// part where it has no value, where its value is NaN (as a diverged loss is: neither the best nor
/// the worst), and where `mask`, of one byte a cell, is 0. Fewer than `n` where fewer take part.
/// Throws `format` for a damaged value. O(cells + n log n).
inline std::vector<ranked> top(std::size_t n, const column& by, order best,
                               const std::uint8_t* mask = nullptr) {
    std::vector<double> values(by.size());
    std::vector<std::uint8_t> present(by.size());
    by.array(values.data(), present.data());
    std::vector<ranked> out;
    out.reserve(by.size());
    for (std::uint32_t code = 0; code < by.size(); ++code)
        if (present[code] != 0 && (mask == nullptr || mask[code] != 0) && !std::isnan(values[code]))
            out.push_back({code, values[code]});
    const auto before = [best](const ranked& a, const ranked& b) {
        if (a.value != b.value) return (a.value > b.value) == (best == order::highest);
        return a.code < b.code;
    };
    if (n < out.size()) {
        const auto end = out.begin() + static_cast<std::ptrdiff_t>(n);
        std::nth_element(out.begin(), end, out.end(), before);
        out.erase(end, out.end());
    }
    std::sort(out.begin(), out.end(), before);
    return out;
}

}  // namespace nb201store
