// Which values of a metric are good ones.
#pragma once

#include <cstdint>
#include <optional>

#include "description.hpp"

namespace nb201store {

/// Which end of a column is its best.
enum class order : std::uint8_t { highest, lowest };

/// The order that a metric has by its meaning; none where that depends on the question.
constexpr std::optional<order> usual_order(metric which) noexcept {
    switch (which) {
        case metric::accuracy:
        case metric::top5:
            return order::highest;
        case metric::loss:
        case metric::time:
            return order::lowest;
        case metric::params_m:
        case metric::flops_m:
        case metric::latency_s:
            break;
    }
    return std::nullopt;
}

}  // namespace nb201store
