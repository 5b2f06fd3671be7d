// Asks an opened image everything it can be asked. Whatever its bytes are, each answer is a number
// or an `error`; sanitizers see to it that nothing else happens. Shared by the damage tests and the
// fuzz target.
#pragma once

#include <algorithm>
#include <memory>
#include <nb201store/nb201store.hpp>
#include <string>
#include <utility>
#include <vector>

template <class Question>
void attempt(const Question& question) {
    try {
        question();
    } catch (const nb201store::error&) {
    }
}

inline void ask_column(const nb201store::column& column) {
    // Hostile images may claim many cells; the ends of the space and some between are enough.
    const std::uint32_t cells = column.size();
    std::vector<std::uint32_t> codes;
    for (std::uint32_t code = 0; code < std::min(cells, 64u); ++code) codes.push_back(code);
    if (cells > 64) codes.push_back(cells - 1);
    for (const std::uint32_t code : codes) {
        attempt([&] { column.at(code); });
        static_cast<void>(column.find(code));
    }
    std::vector<double> out(codes.size());
    std::vector<std::uint8_t> present(codes.size());
    attempt([&] { column.take({codes.data(), codes.size()}, out.data(), present.data()); });
    if (cells <= 4096) {
        out.resize(cells);
        present.resize(cells);
        attempt([&] { column.array(out.data(), present.data()); });
        attempt([&] { nb201store::top(3, column, nb201store::order::lowest); });
    }
}

/// A few hundred elements: several blocks of a batch.
inline void ask_batches(const nb201store::image& image, const nb201store::column_info& info,
                        nb201store::seed_choice seed) {
    const auto& about = image.about();
    const auto& group = about.groups[info.group];
    const std::string& dataset = about.datasets[group.dataset].name;
    const std::string& split = about.splits[info.split].name;
    constexpr std::size_t k_count = 600;
    std::vector<std::uint32_t> codes, epochs, seeds;
    for (std::uint32_t i = 0; i < k_count; ++i) {
        codes.push_back(i % 7 == 6 ? image.cells() - 1 : i % std::min(image.cells(), 64u));
        epochs.push_back(about.epochs[info.first_epoch + i % info.epoch_count]);
        seeds.push_back(group.seeds[i % group.seeds.size()]);
    }
    std::vector<double> out(k_count);
    std::vector<std::uint8_t> present(k_count);
    std::vector<std::int64_t> numbers(k_count);
    const auto metric = nb201store::metric_name(info.metric);
    attempt([&] {
        image.gather({codes.data(), k_count}, dataset, split, metric, group.schedule,
                     {epochs.data(), k_count}, {seeds.data(), k_count}, out.data(), present.data());
    });
    attempt([&] {
        image.gather({codes.data(), k_count}, dataset, split, metric, group.schedule,
                     {epochs.data(), k_count}, seed, out.data(), present.data());
    });
    attempt([&] {
        image.best_epochs({codes.data(), 8}, dataset, split, metric, group.schedule, seed,
                          numbers.data(), out.data(), present.data());
    });
    attempt([&] {
        image.simulated_costs({codes.data(), 8}, dataset, split, group.schedule, 0, seed,
                              out.data(), present.data());
    });
    attempt([&] {
        image.seed_counts({codes.data(), k_count}, dataset, group.schedule, numbers.data());
    });
}

inline void ask_column_info(const nb201store::image& image, const nb201store::column_info& info) {
    const auto& about = image.about();
    const auto& group = about.groups[info.group];
    const std::string& dataset = about.datasets[group.dataset].name;
    const auto metric = nb201store::metric_name(info.metric);
    const std::int64_t last = image.cells() - 1;
    for (const auto seed : {nb201store::mean_seed, nb201store::seed_choice(group.seeds.front()),
                            nb201store::seed_choice(group.seeds.back())}) {
        if (info.split == nb201store::k_none) {
            attempt([&] { ask_column(image.trial_column(dataset, metric, group.schedule, seed)); });
            for (const std::int64_t code : {std::int64_t{0}, last}) {
                attempt([&] { image.trial_value(code, dataset, metric, group.schedule, seed); });
                attempt([&] { image.trial_list(code, dataset, metric, group.schedule, seed); });
            }
            continue;
        }
        const std::string& split = about.splits[info.split].name;
        for (const std::int64_t epoch : {0, -1})
            attempt([&] {
                ask_column(image.column(dataset, split, metric, group.schedule, epoch, seed));
            });
        for (const std::int64_t code : {std::int64_t{0}, last}) {
            attempt([&] { image.curve(code, dataset, split, metric, group.schedule, seed); });
            attempt([&] { image.best_epoch(code, dataset, split, metric, group.schedule, seed); });
            attempt([&] { image.simulated_cost(code, dataset, split, group.schedule, -1, seed); });
        }
        ask_batches(image, info, seed);
    }
}

inline void ask_selection(const nb201store::image& image) {
    std::vector<nb201store::condition> conditions;
    for (const auto& info : image.about().user_columns)
        if (conditions.size() < 8)
            conditions.push_back({info.name, nb201store::comparison::not_equal, 0.0});
    conditions.push_back({"params_m", nb201store::comparison::less, 0.5});
    std::size_t asked = 0;
    for (const auto& dataset : image.about().datasets) {
        if (asked++ >= 8) break;
        attempt([&] { image.cost(0, dataset.name); });
        if (image.cells() > 32768) continue;
        std::vector<std::uint8_t> mask(image.cells());
        attempt(
            [&] { image.where(conditions.data(), conditions.size(), dataset.name, mask.data()); });
    }
}

inline void ask_everything(const nb201store::image& image) {
    std::size_t asked = 0;
    for (const auto& info : image.about().columns)
        if (asked++ < 64) ask_column_info(image, info);
    asked = 0;
    for (const auto& info : image.about().user_columns)
        if (asked++ < 64) ask_column(image.user_column(info.name));
    for (const auto& group : image.about().groups)
        attempt(
            [&] { image.seeds(0, image.about().datasets[group.dataset].name, group.schedule); });
    ask_selection(image);
    attempt([&] { image.check(); });
}

/// Open bytes that may be anything and ask; an `error` is a fine answer.
inline void try_everything(std::vector<std::uint8_t> bytes) {
    attempt([&] {
        ask_everything(nb201store::image::from_memory(
            std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))));
    });
}
