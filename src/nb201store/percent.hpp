// Hits to the published percentage, bit for bit.
//
// Upstream averages batch rates: every full batch is an exact double, the last batch of L images is
// a float32 rate.
#pragma once

#include <cstdint>

namespace nb201store {

/// How hits out of `images` become a percentage; `last_batch` is 0 where the last batch does not
/// matter.
class percent_rule {
  public:
    constexpr percent_rule() noexcept = default;
    constexpr percent_rule(std::uint32_t images, std::uint32_t last_batch) noexcept
        : images_(images),
          last_batch_(last_batch),
          rate_(last_batch == 0 ? 0.0F : static_cast<float>(100.0 / last_batch)) {}

    constexpr std::uint32_t images() const noexcept { return images_; }
    constexpr std::uint32_t last_batch() const noexcept { return last_batch_; }

    /// Whether `hits` with `last_hits` of them in the last batch can be: numbers from a file need
    /// not.
    constexpr bool possible(std::uint32_t hits, std::uint32_t last_hits) const noexcept {
        // One comparison result instead of three branches: this runs for every element.
        return (hits <= images_) & (last_hits <= last_batch_) & (last_hits <= hits);
    }

    /// Where the last batch does not matter. REQUIRES: last_batch() == 0, possible(hits, 0).
    double percent(std::uint32_t hits) const noexcept {
        // By way of int32, which vector units convert: hits fit in 24 bits.
        return static_cast<double>(static_cast<std::int32_t>(hits)) * 100.0 / images_;
    }

    /// REQUIRES: possible(hits, last_hits).
    double percent(std::uint32_t hits, std::uint32_t last_hits) const noexcept {
        // Only the float32 product and the division round: both products of the sum are exact (24 +
        // 8 and 24 + 7 bits), so a compiler that fuses them with the addition gets the same double.
        // Without a last batch its term is 0, which leaves 100 * hits / images.
        const float last = static_cast<float>(last_hits) * rate_;
        const double full = static_cast<double>(hits - last_hits) * 100.0;
        return (full + static_cast<double>(last) * last_batch_) / images_;
    }

  private:
    std::uint32_t images_ = 1;
    std::uint32_t last_batch_ = 0;
    float rate_ = 0.0F;
};

}  // namespace nb201store
