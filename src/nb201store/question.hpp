// The words a question is asked in, and what each of them names in a description.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "description.hpp"

namespace nb201store {

/// One trial's seed, or the mean over the seeds that a cell has.
class seed_choice {
  public:
    // Not explicit: a seed number in a call means that seed.
    constexpr seed_choice(std::int64_t seed) noexcept : seed_(seed) {}  // NOLINT
    static constexpr seed_choice mean() noexcept { return seed_choice(0, true); }

    constexpr bool is_mean() const noexcept { return is_mean_; }
    constexpr std::int64_t number() const noexcept { return seed_; }

  private:
    constexpr seed_choice(std::int64_t seed, bool is_mean) noexcept
        : seed_(seed), is_mean_(is_mean) {}

    std::int64_t seed_;
    bool is_mean_ = false;
};

inline constexpr seed_choice mean_seed = seed_choice::mean();

namespace detail {

/// Which column is asked for; `split` is empty for a metric of the trial.
struct question {
    std::string_view dataset;
    std::string_view split;
    std::string_view metric;
    std::int64_t schedule;
};

inline std::uint32_t find_dataset(const description& about, std::string_view name) noexcept {
    for (std::uint32_t i = 0; i < about.datasets.size(); ++i)
        if (about.datasets[i].name == name) return i;
    return k_none;
}

inline std::uint32_t find_split(const description& about, std::uint32_t dataset,
                                std::string_view name) noexcept {
    const dataset_info& owner = about.datasets[dataset];
    for (std::uint32_t i = owner.first_split; i < owner.first_split + owner.split_count; ++i)
        if (about.splits[i].name == name) return i;
    return k_none;
}

inline std::uint32_t find_group(const description& about, std::uint32_t dataset,
                                std::int64_t schedule) noexcept {
    for (std::uint32_t i = 0; i < about.groups.size(); ++i)
        if (about.groups[i].schedule == schedule && about.groups[i].dataset == dataset) return i;
    return k_none;
}

inline std::optional<metric> find_metric(std::string_view name) noexcept {
    for (std::uint32_t i = 1; i <= k_metric_count; ++i)
        if (metric_name(static_cast<metric>(i)) == name) return static_cast<metric>(i);
    return std::nullopt;
}

}  // namespace detail
}  // namespace nb201store
