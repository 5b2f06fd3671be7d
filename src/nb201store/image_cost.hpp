// What the networks of an image cost: cost.hpp with the numbers of its description.
#pragma once

#include <algorithm>
#include <string>

#include "image.hpp"

namespace nb201store {
namespace detail {

template <class Choices, class ToText>
bool same_choices(const space_info& space, const Choices& official, ToText to_text) {
    return std::equal(
        space.choices.begin(), space.choices.end(), official.begin(), official.end(),
        [&](const std::string& ours, const auto& theirs) { return ours == to_text(theirs); });
}

/// Refuse a space of that name whose codes mean something else than the official ones.
inline void require_countable(const space_info& space) {
    const bool tss = space.name == "tss";
    const bool official =
        tss ? space.positions == tss_ops_array{}.size() &&
                  same_choices(space, k_tss_ops, [](std::string_view op) { return op; })
            : space.positions == sss_ops_array{}.size() &&
                  same_choices(space, k_sss_widths,
                               [](int width) { return std::to_string(width); });
    if (official) return;
    throw error(errc::settings, "cost: expected the official " + space.name + " of " +
                                    std::to_string(tss ? k_tss_cells : k_sss_cells) +
                                    " cells, found a space of this file's own, of " +
                                    std::to_string(space.cells) +
                                    " cells: its networks cannot be counted");
}

inline network_shape shape_of(const description& about, std::string_view dataset) {
    require_dataset(about, dataset);
    require_countable(about.space);
    const dataset_info& info = about.datasets[find_dataset(about, dataset)];
    return {info.classes, info.image_size, about.space.channels, about.space.cells_per_stage,
            about.space.in_channels};
}

}  // namespace detail

inline network_cost image::cost(std::int64_t code, std::string_view dataset) const {
    const network_shape shape = detail::shape_of(about(), dataset);
    detail::require_code(cells(), code);
    return about().space.name == "tss" ? tss_cost(code, shape) : sss_cost(code, shape);
}

inline std::vector<network_cost> image::costs(std::string_view dataset) const {
    const network_shape shape = detail::shape_of(about(), dataset);
    return about().space.name == "tss" ? tss_costs(shape) : sss_costs(shape);
}

}  // namespace nb201store
