// Which cells meet conditions.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "image.hpp"
#include "image_cost.hpp"

namespace nb201store {
namespace detail {

constexpr bool is_closed_form(std::string_view name) noexcept {
    return name == metric_name(metric::params_m) || name == metric_name(metric::flops_m);
}

/// Refuse the name of a condition, with the names there are.
[[noreturn]] inline void explain_no_condition_name(const description& about,
                                                   const condition& asked) {
    text_list known;
    known.add(metric_name(metric::params_m));
    known.add(metric_name(metric::flops_m));
    for (const user_column_info& column : about.user_columns) known.add(column.name);
    refuse_word("column to compare", shown(asked.name), known.text());
}

[[noreturn]] inline void explain_no_networks(const description& about, const condition& asked) {
    text_list known;
    for (const dataset_info& dataset : about.datasets) known.add(dataset.name);
    throw error(errc::settings, "condition on " + asked.name +
                                    ": expected a dataset, whose networks are counted, found none: "
                                    "name one of " +
                                    known.text());
}

/// Clear `mask` where `value(code)`, NaN for none, does not meet the condition.
template <class Value>
void narrow(const condition& asked, std::uint32_t cells, std::uint8_t* mask, Value value) {
    for (std::size_t code = 0; code < cells; ++code)
        if (mask[code] != 0 && !asked.met_by(value(code))) mask[code] = 0;
}

/// `narrow` by a user column; a damaged value throws.
inline void narrow_by_column(const condition& asked, const column& by, std::uint8_t* mask) {
    narrow(asked, by.size(), mask, [&](std::size_t code) {
        const cell_value found = by.find(code);
        if (found.status == status::damaged) by.explain(code);
        return found.value;  // NaN in a gap
    });
}

inline bool has_user_column(const description& about, std::string_view name) noexcept {
    for (const user_column_info& column : about.user_columns)
        if (column.name == name) return true;
    return false;
}

}  // namespace detail

inline void image::where(const condition* conditions, std::size_t count, std::string_view dataset,
                         std::uint8_t* mask) const {
    if (!dataset.empty()) detail::require_dataset(about(), dataset);
    std::fill(mask, mask + cells(), std::uint8_t{1});
    std::vector<network_cost> counted;  // by the first condition that needs it
    for (std::size_t i = 0; i < count; ++i) {
        const condition& asked = conditions[i];
        if (detail::has_user_column(about(), asked.name)) {
            detail::narrow_by_column(asked, user_column(asked.name), mask);
            continue;
        }
        if (!detail::is_closed_form(asked.name)) detail::explain_no_condition_name(about(), asked);
        if (dataset.empty()) detail::explain_no_networks(about(), asked);
        if (counted.empty()) counted = costs(dataset);
        const bool params = asked.name == metric_name(metric::params_m);
        detail::narrow(asked, cells(), mask, [&](std::size_t code) {
            return params ? counted[code].params_m() : counted[code].flops_m();
        });
    }
}

}  // namespace nb201store
