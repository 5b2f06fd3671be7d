// The hits that a published percentage stands for: the inverse of percent.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "percent.hpp"

namespace nb201store {

/// How many images were classified right, in all and in the last batch (0 where it does not
/// matter).
struct hit_counts {
    std::uint32_t hits = 0;
    std::uint32_t last_hits = 0;
};

class hits_finder {
  public:
    /// REQUIRES: 1 <= images < 2^24, last_batch <= images.
    constexpr hits_finder(std::uint32_t images, std::uint32_t last_batch) noexcept
        : rule_(images, last_batch) {}

    /// Hits that give this very double; false where none do. Often several hits in the last batch
    /// do: of those the nearest to its share of all hits, the smaller of two equally near.
    bool find(double percent, hit_counts& out) const noexcept {
        if (!(percent >= 0.0 && percent <= 101.0)) return false;  // NaN too
        const std::uint32_t images = rule_.images(), last_batch = rule_.last_batch();
        const auto hits = static_cast<std::uint32_t>(std::nearbyint(percent * images / 100.0));
        if (hits > images) return false;
        if (last_batch == 0) {
            if (rule_.percent(hits) != percent) return false;
            out = {hits, 0};
            return true;
        }
        const std::uint64_t share = std::uint64_t{hits} * last_batch;
        const std::uint64_t rest = share % images;
        const bool upward = 2 * rest > images;
        const auto start = static_cast<std::int64_t>(share / images) + (upward ? 1 : 0);
        // The second candidate lies on the other side of the exact share; if it is whole, below.
        const std::int64_t step = upward || rest == 0 ? -1 : 1;
        if (matches(percent, hits, start)) {
            out = {hits, static_cast<std::uint32_t>(start)};
            return true;
        }
        for (std::int64_t distance = 1; distance <= std::int64_t{last_batch} + 1; ++distance)
            for (const std::int64_t last : {start + step * distance, start - step * distance})
                if (matches(percent, hits, last)) {
                    out = {hits, static_cast<std::uint32_t>(last)};
                    return true;
                }
        return false;
    }

  private:
    bool matches(double percent, std::uint32_t hits, std::int64_t last_hits) const noexcept {
        const auto last = static_cast<std::uint32_t>(last_hits);
        return last_hits >= 0 && rule_.possible(hits, last) &&
               hits - last <= rule_.images() - rule_.last_batch() &&
               rule_.percent(hits, last) == percent;
    }

    percent_rule rule_;
};

}  // namespace nb201store
