// A handle on one column: dataset, split, metric, schedule, epoch and seed resolved once, asked by
// code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "batch.hpp"
#include "neighbours.hpp"

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

    /// Values of codes of any integer type, in their order; `present[i]` is 0 and `out[i]` NaN
    /// where a cell has none. Throws `arch` for the first code outside the space, `format` for a
    /// damaged value.
    void take(const integers& codes, double* out, std::uint8_t* present,
              unsigned threads = 1) const {
        if (query_.source.layout == detail::layout::user)
            return detail::for_codes(codes, size(), threads, [&](std::size_t i, std::size_t code) {
                put<detail::layout::user>(code, out[i], present[i]);
            });
        const detail::batch_source from{*state_, number_};
        const description& about = state_->about;
        const column_info& info = about.columns[number_];
        const std::int64_t epoch =
            info.epoch_count == 0 ? 0 : about.epochs[info.first_epoch + query_.epoch];
        const auto epochs = integers::repeated(epoch, codes.size());
        if (query_.seed == k_none)
            return detail::read_batch(from, codes, epochs, nullptr, out, present, threads);
        const auto seeds =
            integers::repeated(about.groups[info.group].seeds[query_.seed], codes.size());
        detail::read_batch(from, codes, epochs, &seeds, out, present, threads);
    }

    /// Codes that differ from `code` in one place and their values, `neighbour_count` of each.
    /// Throws as `take` does.
    void neighbours(std::int64_t code, std::int64_t* codes, double* out,
                    std::uint8_t* present) const {
        const space_info& space = state_->about.space;
        detail::require_code(size(), code);
        neighbour_codes(space, static_cast<std::uint32_t>(code), codes);
        take({codes, neighbour_count(space)}, out, present);
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

    std::shared_ptr<const detail::image_state> state_;
    detail::cell_query query_;
    std::uint32_t number_;
};

}  // namespace nb201store
