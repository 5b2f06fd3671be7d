// A handle on one column: dataset, split, metric, schedule, epoch and seed resolved once, asked by
// code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "value_errors.hpp"

namespace nb201store {

/// Thread-safe: immutable, keeps the image's bytes alive.
class column {
  public:
    column(std::shared_ptr<const detail::image_state> state, std::uint32_t number,
           const detail::cell_query& query) noexcept
        : state_(std::move(state)), query_(query), number_(number) {}

    /// Number of codes: every code below is in the space.
    std::uint32_t size() const noexcept { return query_.trials.cells; }

    /// What the values are. None of a user column, nor has it a data set.
    std::optional<nb201store::metric> metric() const noexcept {
        return info() == nullptr ? std::nullopt : std::optional(info()->metric);
    }
    /// Empty where it has none.
    std::string_view dataset() const noexcept {
        if (info() == nullptr) return {};
        return state_->about.datasets[state_->about.groups[info()->group].dataset].name;
    }

    /// The value, NaN where there is none. REQUIRES: code < size().
    double operator[](std::size_t code) const noexcept { return find(code).value; }

    /// The value and whether it is one. REQUIRES: code < size().
    cell_value find(std::size_t code) const noexcept { return detail::code_value(query_, code); }

    /// The value. Throws `arch`, `missing` or `format`, saying why there is none.
    double at(std::int64_t code) const {
        detail::require_code(size(), code);
        const auto place = static_cast<std::size_t>(code);
        const cell_value found = find(place);
        if (!found) detail::explain_value(*state_, number_, place, query_);
        return found.value;
    }

    /// Throw what is wrong with a cell. REQUIRES: find(code) is not ok.
    [[noreturn]] void explain(std::size_t code) const {
        detail::explain_value(*state_, number_, code, query_);
    }

    /// Values of `count` codes of any integer type, in their order; `present[i]` is 0 and `out[i]`
    /// NaN where a cell has none. Throws `arch` for the first code outside the space, `format` for
    /// a damaged value.
    template <class Code>
    void take(const Code* codes, std::size_t count, double* out, std::uint8_t* present) const {
        detail::with_layout(query_.source.layout, [&](auto which) {
            take_as<decltype(which)::value>(codes, count, out, present);
        });
    }

    /// Values of all codes, `size()` of them, as `take` gives them.
    void array(double* out, std::uint8_t* present) const {
        detail::with_layout(query_.source.layout, [&](auto which) {
            for (std::size_t code = 0; code < size(); ++code)
                put<decltype(which)::value>(code, out[code], present[code]);
        });
    }

  private:
    /// Null of a user column.
    const column_info* info() const noexcept {
        const bool of_user = query_.source.layout == detail::layout::user;
        return of_user ? nullptr : &state_->about.columns[number_];
    }

    template <detail::layout L>
    void put(std::size_t code, double& out, std::uint8_t& present) const {
        const cell_value found = detail::code_value<L>(query_, code);
        if (found.status == status::damaged) explain(code);
        out = found.value;
        present = found.status == status::ok;
    }

    template <detail::layout L, class Code>
    void take_as(const Code* codes, std::size_t count, double* out, std::uint8_t* present) const {
        for (std::size_t i = 0; i < count; ++i) {
            const Code code = codes[i];
            // A negative code becomes a huge unsigned one: one comparison bounds both ends.
            if (static_cast<std::uint64_t>(code) >= size())
                detail::refuse_code(size(),
                                    std::to_string(code) + " at position " + std::to_string(i));
            put<L>(static_cast<std::size_t>(code), out[i], present[i]);
        }
    }

    std::shared_ptr<const detail::image_state> state_;
    detail::cell_query query_;
    std::uint32_t number_;
};

}  // namespace nb201store
