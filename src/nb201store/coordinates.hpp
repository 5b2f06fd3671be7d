// The coordinates of a batch question, block by block: codes, seeds and epochs as given become rows
// and places that were checked, so that what reads them need not check again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "integers.hpp"
#include "lookup.hpp"
#include "threads.hpp"
#include "value_errors.hpp"

namespace nb201store::detail {

/// Elements that are resolved, prefetched and read together: enough to keep every line-fill buffer
/// of a core busy, few enough that all of it stays in the first-level cache.
inline constexpr std::size_t k_block = 256;

inline std::string at_position(const integers& given, std::size_t place) {
    return given.is_repeated() ? std::string() : " at position " + std::to_string(place);
}

/// Codes as given to codes of the space.
struct code_axis {
    std::uint32_t cells;

    code_axis resolver() const noexcept { return *this; }
    std::uint32_t operator()(std::int64_t code) const noexcept {
        // A negative code becomes a huge unsigned one: one comparison bounds both ends.
        return static_cast<std::uint64_t>(code) < cells ? static_cast<std::uint32_t>(code) : k_none;
    }
    [[noreturn]] void refuse(const integers& given, std::size_t at) const {
        refuse_code(cells, given.text(at) + at_position(given, at));
    }
};

/// Epochs as given (negative ones count from the end) to positions in a column. A metric of the
/// trial itself has one value, which stands for every epoch.
class epoch_axis {
  public:
    epoch_axis(const description& about, const column_info& column)
        : about_(about), column_(column), schedule_(about.groups[column.group].schedule) {
        const std::uint32_t none = is_trial_metric(column.metric) ? 0 : k_none;
        positions_.assign(static_cast<std::size_t>(schedule_), none);
        for (std::uint32_t i = 0; i < column.epoch_count; ++i)
            positions_[about.epochs[column.first_epoch + i]] = i;
    }

    /// What a block needs, by value: nothing in it can alias the places that are written.
    struct resolver_type {
        const std::uint32_t* positions;
        std::int64_t schedule;
        bool dense;  ///< every epoch of the schedule is there: position and epoch are one

        std::uint32_t operator()(std::int64_t epoch) const noexcept {
            const auto wanted = static_cast<std::uint64_t>(epoch < 0 ? epoch + schedule : epoch);
            const bool inside = wanted < static_cast<std::uint64_t>(schedule);
            if (dense) return inside ? static_cast<std::uint32_t>(wanted) : k_none;
            return inside ? positions[wanted] : k_none;
        }
    };
    resolver_type resolver() const noexcept {
        return {positions_.data(), schedule_, column_.epoch_count == positions_.size()};
    }
    [[noreturn]] void refuse(const integers& given, std::size_t at) const {
        const std::int64_t epoch = given[at];
        const std::int64_t wanted = epoch < 0 ? epoch + schedule_ : epoch;
        const std::string where = at_position(given, at);
        if (wanted < 0 || wanted >= schedule_) refuse_epoch(schedule_, given.text(at) + where);
        explain_no_epoch(about_, column_, wanted, where);
    }

  private:
    const description& about_;
    const column_info& column_;
    std::int64_t schedule_;
    std::vector<std::uint32_t> positions_;
};

/// Seeds as given to places among those of a group.
struct seed_axis {
    const description& about;
    const column_info& column;
    const std::vector<std::uint32_t>& seeds;

    /// No early exit in either: which of the few seeds it is cannot be predicted.
    struct resolver_type {
        std::int64_t first[4];  ///< the last one repeated where there are fewer
        std::uint32_t places[4];
        const std::uint32_t* rest;
        std::uint32_t count;

        std::uint32_t operator()(std::int64_t seed) const noexcept {
            std::uint32_t found = k_none;
            for (int i = 0; i < 4; ++i) found = first[i] == seed ? places[i] : found;
            for (std::uint32_t i = 4; i < count; ++i)
                found = std::int64_t{rest[i]} == seed ? i : found;
            return found;
        }
    };
    resolver_type resolver() const noexcept {
        resolver_type out{};
        out.rest = seeds.data();
        out.count = static_cast<std::uint32_t>(seeds.size());
        for (std::uint32_t i = 0; i < 4; ++i) {
            out.places[i] = std::min(i, out.count - 1);  // a group has a seed at least
            out.first[i] = seeds[out.places[i]];
        }
        return out;
    }
    [[noreturn]] void refuse(const integers& given, std::size_t at) const {
        explain_group_seed(about, column, given.text(at) + at_position(given, at));
    }
};

/// One axis of a block: its places, filled once where one number stands for all elements.
template <class Axis>
class axis_block {
  public:
    axis_block(const integers& given, Axis axis) noexcept : given_(given), axis_(axis) {
        if (given.is_repeated() && given.size() != 0) good_ = fill(0, k_block);
    }

    /// Resolve elements begin..begin + n - 1; false where one of them cannot be.
    bool resolve(std::size_t begin, std::size_t n) noexcept {
        if (!given_.is_repeated()) good_ = fill(begin, n);
        return good_;
    }
    bool is_bad(std::size_t i) const noexcept { return places_[i] == k_none; }
    std::uint32_t operator[](std::size_t i) const noexcept { return places_[i]; }

    /// REQUIRES: the element at `position` was resolved and is bad.
    [[noreturn]] void refuse(std::size_t position) const { axis_.refuse(given_, position); }

  private:
    bool fill(std::size_t begin, std::size_t n) noexcept {
        std::uint32_t* next = places_;
        std::uint32_t worst = 0;  // k_none is the largest of all places
        given_.each(begin, begin + n, [&, axis = axis_.resolver()](auto value) {
            const std::uint32_t place = axis(integers::clamped(value));
            worst = place > worst ? place : worst;
            *next++ = place;
        });
        return worst != k_none;
    }

    const integers& given_;
    Axis axis_;
    std::uint32_t places_[k_block];
    bool good_ = true;
};

/// Name the first element of a block, of all its axes, that cannot be.
template <class... Axes>
[[noreturn]] void refuse_first(std::size_t begin, std::size_t n, const Axes&... axes) {
    for (std::size_t i = 0; i < n; ++i)
        (void)std::initializer_list<int>{(axes.is_bad(i) ? axes.refuse(begin + i) : void(), 0)...};
    refuse_missing("no element of the question is wrong");  // not reached
}

/// Call f(i, code) for every code, ranges of them on up to `threads` threads. Throws `arch` for the
/// first one outside the space.
template <class F>
void for_codes(const integers& codes, std::uint32_t cells, unsigned threads, const F& f) {
    for_ranges(codes.size(), threads, [&](std::size_t begin, std::size_t end) {
        axis_block<code_axis> block(codes, code_axis{cells});
        for (; begin < end; begin += k_block) {
            const std::size_t n = std::min(k_block, end - begin);
            if (!block.resolve(begin, n)) refuse_first(begin, n, block);
            for (std::size_t i = 0; i < n; ++i) f(begin + i, std::size_t{block[i]});
        }
    });
}

}  // namespace nb201store::detail
