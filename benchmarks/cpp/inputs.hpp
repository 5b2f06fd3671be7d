// Questions on an image, and the same numbers in plain arrays.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <nb201store/nb201store.hpp>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "timing.hpp"

namespace bench {

struct options {
    std::string image;
    int rounds = 11;
    bool toy = false;
    std::set<std::string> only;

    bool wants(const std::string& workload) const {
        return only.empty() || only.count(workload) != 0;
    }
};

struct column_words {
    std::string dataset, split, metric;
    std::int64_t schedule;
};

inline const column_words k_validation{"cifar10-valid", "x-valid", "accuracy", 200};
inline const column_words k_plain_u16{"cifar10", "ori-test", "accuracy", 200};
inline constexpr std::int64_t k_seed = 888;  // the one that every cell has

/// Questions that all have an answer. `seed_place` and `epoch_place` are their places in the image.
struct batch {
    std::vector<std::int64_t> codes, seeds, epochs;
    std::vector<std::uint32_t> seed_places;
};

struct inputs {
    nb201store::image image;
    std::size_t points, batch_size;
    std::mt19937_64 random{0};

    nb201store::column column(const column_words& of, std::int64_t epoch,
                              nb201store::seed_choice seed) const {
        return image.column(of.dataset, of.split, of.metric, of.schedule, epoch, seed);
    }

    std::vector<std::uint32_t> seeds_of(const column_words& of) const {
        const auto& about = image.about();
        for (const auto& group : about.groups)
            if (group.schedule == of.schedule && about.datasets[group.dataset].name == of.dataset)
                return {group.seeds.begin(), group.seeds.end()};
        throw std::runtime_error("the image holds nothing of " + of.dataset);
    }

    std::vector<std::int64_t> recorded(const column_words& of, std::int64_t seed) const {
        const auto asked = column(of, -1, seed);
        std::vector<std::int64_t> out;
        for (std::uint32_t code = 0; code < asked.size(); ++code)
            if (asked.find(code)) out.push_back(code);
        return out;
    }

    /// Random recorded codes.
    std::vector<std::int64_t> draw_codes(const column_words& of, std::int64_t seed,
                                         std::size_t count) {
        const auto held = recorded(of, seed);
        std::vector<std::int64_t> out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(held[random() % held.size()]);
        return out;
    }

    /// Random (code, seed, epoch), uniform over trials and epochs.
    batch draw(const column_words& of, std::size_t count) {
        struct trial {
            std::int64_t code, seed;
            std::uint32_t place;
        };
        std::vector<trial> trials;
        const auto seeds = seeds_of(of);
        for (std::uint32_t place = 0; place < seeds.size(); ++place)
            for (const std::int64_t code : recorded(of, seeds[place]))
                trials.push_back({code, seeds[place], place});
        const auto epochs = image.epochs(of.dataset, of.split, of.metric, of.schedule);
        batch out;
        for (std::size_t i = 0; i < count; ++i) {
            const trial& one = trials[random() % trials.size()];
            out.codes.push_back(one.code);
            out.seeds.push_back(one.seed);
            out.seed_places.push_back(one.place);
            out.epochs.push_back(epochs[random() % epochs.size()]);
        }
        return out;
    }
};

/// The honest lower bound: float64 [cells, seeds, epochs] in RAM, decoded before.
struct plain_column {
    std::size_t seeds = 0, epochs = 0;
    std::vector<std::uint32_t> epoch_numbers;
    std::vector<double> values;
    double ready = 0.0;

    plain_column(const inputs& from, const column_words& of) {
        const auto start = std::chrono::steady_clock::now();
        const auto seed_numbers = from.seeds_of(of);
        epoch_numbers = from.image.epochs(of.dataset, of.split, of.metric, of.schedule);
        seeds = seed_numbers.size();
        epochs = epoch_numbers.size();
        values.assign(from.image.cells() * seeds * epochs, std::nan(""));
        for (std::size_t s = 0; s < seeds; ++s) {
            const auto codes = from.recorded(of, seed_numbers[s]);
            for (std::size_t e = 0; e < epochs; ++e) {
                const auto column = from.column(of, epoch_numbers[e], seed_numbers[s]);
                for (const std::int64_t code : codes) {
                    const auto place = static_cast<std::size_t>(code);
                    values[(place * seeds + s) * epochs + e] = column[place];
                }
            }
        }
        ready = seconds_since(start);
    }

    const double* row(std::size_t code, std::size_t seed) const {
        return values.data() + (code * seeds + seed) * epochs;
    }
};

inline std::size_t place_of(const std::vector<std::uint32_t>& seeds, std::int64_t seed) {
    for (std::size_t i = 0; i < seeds.size(); ++i)
        if (seeds[i] == seed) return i;
    throw std::runtime_error("no seed " + std::to_string(seed));
}

}  // namespace bench
