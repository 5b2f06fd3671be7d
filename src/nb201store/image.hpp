// An opened image: what it holds, and every question that can be asked of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "best_epoch.hpp"
#include "check.hpp"
#include "column.hpp"
#include "condition.hpp"
#include "cost.hpp"
#include "simulated_cost.hpp"

namespace nb201store {

/// Values of one trial over the epochs of a column; `present[i]` is 0 and `values[i]` NaN where one
/// is missing.
struct curve_values {
    std::vector<double> values;
    std::vector<std::uint8_t> present;
};

/// A handle on an image. Cheap to copy; copies, columns and views share the bytes and keep them
/// alive. All members are const and may be called from any thread.
///
/// Opening checks header, section table and description and reads nothing else: it does not see a
/// flipped data byte. `check` does; and every number from data is bounded when used, so that even
/// then no access leaves the file.
///
/// Errors: words that the file does not know, or an epoch outside the schedule, throw `settings`;
/// words that it knows but never recorded together throw `missing`; a code outside the space throws
/// `arch`; damage throws `format`.
class image {
  public:
    /// Throws `io`, `format`, `version` or `checksum`. With `check`, all data are checked too.
    static image open(const std::string& path, open_mode mode = open_mode::mmap,
                      bool check = false) {
        image opened(detail::read_image(
            path, mode == open_mode::mmap ? detail::map_file(path) : detail::read_file(path)));
        if (check) opened.check();
        return opened;
    }

    /// An image that lies in memory already; `name` stands for the path in messages.
    static image from_memory(std::shared_ptr<const std::vector<std::uint8_t>> bytes,
                             std::string name = "memory") {
        return image(detail::read_image(std::move(name), detail::share_bytes(std::move(bytes))));
    }

    const std::string& path() const noexcept { return state_->path; }
    std::uint64_t size() const noexcept { return state_->file.size; }
    std::uint32_t cells() const noexcept { return about().space.cells; }
    const image_header& header() const noexcept { return state_->header; }
    const description& about() const noexcept { return state_->about; }
    const std::vector<section>& sections() const noexcept { return state_->sections; }

    /// The section of that name, or null.
    const section* find_section(std::string_view name) const noexcept {
        for (const section& entry : state_->sections)
            if (entry.name == name) return &entry;
        return nullptr;
    }
    /// First byte of one of `sections()`; `bytes_owner` keeps it valid.
    const std::uint8_t* section_bytes(const section& entry) const noexcept {
        return state_->parts().bytes(entry);
    }
    std::shared_ptr<const void> bytes_owner() const noexcept { return state_->file.owner; }

    /// Check every byte and every number; throws at the first that is wrong.
    void check(const check_progress& progress = {}) const {
        detail::check_image(*state_, progress);
    }

    nb201store::column column(std::string_view dataset, std::string_view split,
                              std::string_view metric, std::int64_t schedule, std::int64_t epoch,
                              seed_choice seed) const {
        const std::uint32_t number =
            detail::find_column(about(), {dataset, split, metric, schedule});
        return {state_, number,
                query(number, seed, detail::epoch_position(about(), column_at(number), epoch))};
    }

    /// A metric of the trial itself: params_m, flops_m or latency_s (the mean, where it is a list).
    nb201store::column trial_column(std::string_view dataset, std::string_view metric,
                                    std::int64_t schedule, seed_choice seed) const {
        const std::uint32_t number =
            detail::find_trial_column(about(), {dataset, {}, metric, schedule});
        return {state_, number, query(number, seed, 0)};
    }

    /// A column that a user attached: one value a cell. Throws `settings` naming those there are.
    nb201store::column user_column(std::string_view name) const {
        const std::uint32_t number = detail::find_user_column(about(), name);
        return {
            state_, number, {state_->user_sources[number], {nullptr, cells(), 0, 0}, 0, k_none}};
    }

    /// What a cell's network costs on a data set: counted (cost.hpp), not as recorded.
    network_cost cost(std::int64_t code, std::string_view dataset) const;

    /// `cost` of every cell, by code.
    std::vector<network_cost> costs(std::string_view dataset) const;

    /// Which cells meet all of `count` conditions: `mask[code]` becomes 1 or 0 for `cells()` codes.
    /// They are on user columns, and on params_m and flops_m (`costs`), which need a `dataset`; it
    /// may be empty where none of these is named. A cell without the value meets no condition on
    /// it. Throws `settings` for a name that is neither.
    void where(const condition* conditions, std::size_t count, std::string_view dataset,
               std::uint8_t* mask) const;

    double value(std::int64_t code, std::string_view dataset, std::string_view split,
                 std::string_view metric, std::int64_t schedule, std::int64_t epoch,
                 seed_choice seed) const {
        const std::uint32_t number =
            detail::find_column(about(), {dataset, split, metric, schedule});
        return value_at(number, code, seed,
                        detail::epoch_position(about(), column_at(number), epoch));
    }

    double trial_value(std::int64_t code, std::string_view dataset, std::string_view metric,
                       std::int64_t schedule, seed_choice seed) const {
        return value_at(detail::find_trial_column(about(), {dataset, {}, metric, schedule}), code,
                        seed, 0);
    }

    /// Every measurement of one trial: a list as recorded, else the one value. `seed` cannot be the
    /// mean.
    std::vector<double> trial_list(std::int64_t code, std::string_view dataset,
                                   std::string_view metric, std::int64_t schedule,
                                   seed_choice seed) const;

    /// Values at the column's epochs (`epochs` names them). Throws `missing` where the cell has no
    /// such trial.
    curve_values curve(std::int64_t code, std::string_view dataset, std::string_view split,
                       std::string_view metric, std::int64_t schedule, seed_choice seed) const;

    /// Values at (codes[i], epochs[i], seeds[i]): one size each, `integers::repeated` for one
    /// number in all of them. `present[i]` is 0 and `out[i]` NaN where a cell has no such value.
    /// Nothing is answered where a code, epoch or seed cannot be, or was recorded of no cell: the
    /// first is named. Large batches use up to `threads` threads.
    void gather(const integers& codes, std::string_view dataset, std::string_view split,
                std::string_view metric, std::int64_t schedule, const integers& epochs,
                const integers& seeds, double* out, std::uint8_t* present,
                unsigned threads = 1) const {
        const std::uint32_t number =
            detail::find_column(about(), {dataset, split, metric, schedule});
        detail::read_batch({*state_, number}, codes, epochs, &seeds, out, present, threads);
    }

    /// As above, of one seed or the means over the seeds that each cell has.
    void gather(const integers& codes, std::string_view dataset, std::string_view split,
                std::string_view metric, std::int64_t schedule, const integers& epochs,
                seed_choice seed, double* out, std::uint8_t* present, unsigned threads = 1) const {
        if (!seed.is_mean())
            return gather(codes, dataset, split, metric, schedule, epochs,
                          integers::repeated(seed.number(), codes.size()), out, present, threads);
        const std::uint32_t number =
            detail::find_column(about(), {dataset, split, metric, schedule});
        detail::read_batch({*state_, number}, codes, epochs, nullptr, out, present, threads);
    }

    /// The epoch at which a metric was best: highest accuracy and top5, lowest loss and time, the
    /// earliest of equals.
    nb201store::best_epoch best_epoch(std::int64_t code, std::string_view dataset,
                                      std::string_view split, std::string_view metric,
                                      std::int64_t schedule, seed_choice seed) const;

    /// As `best_epoch`, of many cells; `present[i]` is 0, `out[i]` NaN and `epochs[i]` 0 where a
    /// cell has no value.
    void best_epochs(const integers& codes, std::string_view dataset, std::string_view split,
                     std::string_view metric, std::int64_t schedule, seed_choice seed,
                     std::int64_t* epochs, double* out, std::uint8_t* present,
                     unsigned threads = 1) const;

    /// Simulated seconds of one evaluation: training epochs 0..epoch and one pass over `split`.
    double simulated_cost(std::int64_t code, std::string_view dataset, std::string_view split,
                          std::int64_t schedule, std::int64_t epoch, seed_choice seed) const;

    /// As `simulated_cost`, of many cells; `present[i]` is 0 and `out[i]` NaN where a time is
    /// missing.
    void simulated_costs(const integers& codes, std::string_view dataset, std::string_view split,
                         std::int64_t schedule, std::int64_t epoch, seed_choice seed, double* out,
                         std::uint8_t* present, unsigned threads = 1) const;

    /// How many seeds each cell was trained with.
    void seed_counts(const integers& codes, std::string_view dataset, std::int64_t schedule,
                     std::int64_t* out) const;

    /// Seeds that a cell was trained with, ascending; none where it has no trial.
    std::vector<std::uint32_t> seeds(std::int64_t code, std::string_view dataset,
                                     std::int64_t schedule) const {
        const std::uint32_t group = detail::find_known_group(about(), dataset, schedule);
        detail::require_code(cells(), code);
        return detail::cell_seeds(*state_, group, static_cast<std::size_t>(code));
    }

    /// Epochs at which a metric was recorded (of any cell), ascending, 0-based.
    std::vector<std::uint32_t> epochs(std::string_view dataset, std::string_view split,
                                      std::string_view metric, std::int64_t schedule) const {
        return detail::column_epochs(
            about(), column_at(detail::find_column(about(), {dataset, split, metric, schedule})));
    }

  private:
    explicit image(std::shared_ptr<const detail::image_state> state) noexcept
        : state_(std::move(state)) {}

    const column_info& column_at(std::uint32_t number) const noexcept {
        return about().columns[number];
    }

    /// The query of a column, with `seed` k_none for the mean and for a seed that the group lacks.
    detail::cell_query raw_query(std::uint32_t number, seed_choice seed,
                                 std::uint32_t epoch) const noexcept {
        const std::uint32_t group = column_at(number).group;
        return {state_->sources[number], state_->trials[group], epoch,
                seed.is_mean() ? k_none : detail::seed_place(about().groups[group], seed.number())};
    }

    detail::cell_query query(std::uint32_t number, seed_choice seed, std::uint32_t epoch) const {
        detail::cell_query q = raw_query(number, seed, epoch);
        if (q.seed == k_none && !seed.is_mean())
            detail::explain_group_seed(about(), column_at(number), std::to_string(seed.number()));
        return q;
    }

    /// As `query`, for one cell: a seed that the group lacks is told with the seeds of that cell.
    detail::cell_query cell_query(std::uint32_t number, std::int64_t code, seed_choice seed,
                                  std::uint32_t epoch) const {
        detail::require_code(cells(), code);
        detail::cell_query q = raw_query(number, seed, epoch);
        if (q.seed == k_none && !seed.is_mean())
            detail::explain_no_seed(*state_, column_at(number).group,
                                    static_cast<std::size_t>(code), seed);
        return q;
    }

    double value_at(std::uint32_t number, std::int64_t code, seed_choice seed,
                    std::uint32_t epoch) const {
        const detail::cell_query q = cell_query(number, code, seed, epoch);
        const auto place = static_cast<std::size_t>(code);
        const cell_value found = detail::code_value(q, place);
        if (!found) detail::explain_value(*state_, number, place, q);
        return found.value;
    }

    std::shared_ptr<const detail::image_state> state_;
};

inline best_epoch image::best_epoch(std::int64_t code, std::string_view dataset,
                                    std::string_view split, std::string_view metric,
                                    std::int64_t schedule, seed_choice seed) const {
    const std::uint32_t number = detail::find_column(about(), {dataset, split, metric, schedule});
    const detail::cell_query q = cell_query(number, code, seed, 0);
    const auto place = static_cast<std::size_t>(code);
    const nb201store::best_epoch best = detail::find_best_epoch(*state_, number, q, place);
    if (!best) detail::explain_no_best(*state_, number, place, q);
    return best;
}

inline void image::best_epochs(const integers& codes, std::string_view dataset,
                               std::string_view split, std::string_view metric,
                               std::int64_t schedule, seed_choice seed, std::int64_t* epochs,
                               double* out, std::uint8_t* present, unsigned threads) const {
    const std::uint32_t number = detail::find_column(about(), {dataset, split, metric, schedule});
    const detail::cell_query q = query(number, seed, 0);
    detail::for_codes(codes, cells(), threads, [&](std::size_t i, std::size_t code) {
        const nb201store::best_epoch best = detail::find_best_epoch(*state_, number, q, code);
        epochs[i] = best.epoch;
        out[i] = best.found.value;
        present[i] = best.found.status == status::ok;
    });
}

inline double image::simulated_cost(std::int64_t code, std::string_view dataset,
                                    std::string_view split, std::int64_t schedule,
                                    std::int64_t epoch, seed_choice seed) const {
    detail::cost_query cost = detail::find_cost(about(), dataset, split, schedule, epoch);
    cost.seed = cell_query(cost.train, code, seed, 0).seed;
    const auto place = static_cast<std::size_t>(code);
    const cell_value found = detail::cell_cost(*state_, cost, place);
    if (!found) detail::explain_cost(*state_, cost, place);
    return found.value;
}

inline void image::simulated_costs(const integers& codes, std::string_view dataset,
                                   std::string_view split, std::int64_t schedule,
                                   std::int64_t epoch, seed_choice seed, double* out,
                                   std::uint8_t* present, unsigned threads) const {
    detail::cost_query cost = detail::find_cost(about(), dataset, split, schedule, epoch);
    cost.seed = query(cost.train, seed, 0).seed;
    detail::for_codes(codes, cells(), threads, [&](std::size_t i, std::size_t code) {
        const cell_value found = detail::cell_cost(*state_, cost, code);
        if (found.status == status::damaged) detail::explain_cost(*state_, cost, code);
        out[i] = found.value;
        present[i] = found.status == status::ok;
    });
}

inline void image::seed_counts(const integers& codes, std::string_view dataset,
                               std::int64_t schedule, std::int64_t* out) const {
    const std::uint32_t group = detail::find_known_group(about(), dataset, schedule);
    const detail::trial_rows& trials = state_->trials[group];
    detail::for_codes(codes, cells(), 1, [&](std::size_t i, std::size_t code) {
        out[i] = 0;
        for (std::uint32_t seed = 0; seed < trials.seeds; ++seed) {
            const std::uint32_t row = trials.row(code, seed);
            if (row >= trials.rows && row != k_none) detail::cell_seeds(*state_, group, code);
            out[i] += row < trials.rows;
        }
    });
}

inline curve_values image::curve(std::int64_t code, std::string_view dataset,
                                 std::string_view split, std::string_view metric,
                                 std::int64_t schedule, seed_choice seed) const {
    const std::uint32_t number = detail::find_column(about(), {dataset, split, metric, schedule});
    detail::cell_query q = cell_query(number, code, seed, 0);
    const auto place = static_cast<std::size_t>(code);
    const std::uint32_t group = column_at(number).group;
    bool any_trial = false;
    for (std::uint32_t s = 0; s < q.trials.seeds; ++s)
        if ((q.seed == k_none || q.seed == s) && q.trials.row(place, s) != k_none) any_trial = true;
    if (!any_trial) detail::explain_no_seed(*state_, group, place, seed);
    curve_values out{std::vector<double>(q.source.epochs),
                     std::vector<std::uint8_t>(q.source.epochs)};
    // The row of a single seed is looked up once, not once an epoch.
    const bool single = q.seed != k_none && q.trials.row(place, q.seed) < q.trials.rows;
    const std::uint32_t row = single ? q.trials.row(place, q.seed) : 0;
    detail::with_layout(q.source.layout, [&](auto which) {
        constexpr detail::layout L = decltype(which)::value;
        for (q.epoch = 0; q.epoch < q.source.epochs; ++q.epoch) {
            const cell_value one = single ? detail::row_value<L>(q.source, place, row, q.epoch)
                                          : detail::code_value<L>(q, place);
            if (one.status == status::damaged) detail::explain_value(*state_, number, place, q);
            out.values[q.epoch] = one.value;
            out.present[q.epoch] = one.status == status::ok;
        }
    });
    return out;
}

inline std::vector<double> image::trial_list(std::int64_t code, std::string_view dataset,
                                             std::string_view metric, std::int64_t schedule,
                                             seed_choice seed) const {
    const std::uint32_t number =
        detail::find_trial_column(about(), {dataset, {}, metric, schedule});
    if (seed.is_mean())
        throw error(errc::settings, "a list belongs to one trial: name its seed, not the mean");
    const detail::cell_query q = cell_query(number, code, seed, 0);
    const auto place = static_cast<std::size_t>(code);
    const std::uint32_t row = q.trials.row(place, q.seed);
    const bool is_list = q.source.layout == detail::layout::list;
    if (!is_list || row >= q.trials.rows || !detail::is_present(q.source, row, 0))
        return {value_at(number, code, seed, 0)};
    const detail::list_range range = detail::row_list(q.source, row);
    if (!range.ok) detail::explain_value(*state_, number, place, q);
    std::vector<double> out;
    out.reserve(range.end - range.begin);
    for (std::size_t i = range.begin; i < range.end; ++i)
        out.push_back(detail::load_f8(q.source.extra + 8 * i));
    return out;
}

}  // namespace nb201store
