// batch_random, mean, and the batch forms of simulated_cost and neighbours.
#pragma once

#include <memory>

#include "inputs.hpp"

namespace bench {

/// Codes, epochs and seeds in the narrowest types that hold them.
struct narrow_batch {
    std::vector<std::int16_t> codes, seeds;
    std::vector<std::uint8_t> epochs;

    explicit narrow_batch(const batch& from) {
        for (std::size_t i = 0; i < from.codes.size(); ++i) {
            codes.push_back(static_cast<std::int16_t>(from.codes[i]));
            seeds.push_back(static_cast<std::int16_t>(from.seeds[i]));
            epochs.push_back(static_cast<std::uint8_t>(from.epochs[i]));
        }
    }
};

/// A column's questions, and the same numbers in an array.
struct asked_column {
    column_words words;
    batch wide;
    narrow_batch narrow;
    std::shared_ptr<const plain_column> plain;
    std::vector<std::uint32_t> epoch_places;

    asked_column(inputs& from, const column_words& of, std::size_t count)
        : words(of),
          wide(from.draw(of, count)),
          narrow(wide),
          plain(std::make_shared<plain_column>(from, of)) {
        for (const auto epoch : wide.epochs)
            epoch_places.push_back(
                static_cast<std::uint32_t>(place_of(plain->epoch_numbers, epoch)));
    }

    std::size_t size() const { return wide.codes.size(); }

    template <class Batch>
    void gather(const inputs& from, const Batch& with, double* out, std::uint8_t* present,
                unsigned threads) const {
        from.image.gather({with.codes.data(), size()}, words.dataset, words.split, words.metric,
                          words.schedule, {with.epochs.data(), size()},
                          nb201store::integers(with.seeds.data(), size()), out, present, threads);
    }

    void from_array(double* out) const {
        for (std::size_t i = 0; i < size(); ++i)
            out[i] = plain->row(static_cast<std::size_t>(wide.codes[i]),
                                wide.seed_places[i])[epoch_places[i]];
    }
};

inline void one_column(report& out, const options& with, inputs& from, const std::string& title,
                       const column_words& words) {
    const asked_column asked(from, words, from.batch_size);
    const std::size_t n = asked.size();
    std::vector<std::uint8_t> present(n);
    const auto gather = [&](const auto& batch, unsigned threads) {
        return [&asked, &from, &batch, &present, threads](answers& into) {
            asked.gather(from, batch, into.data(), present.data(), threads);
        };
    };
    const auto array = [&](answers& into) { asked.from_array(into.data()); };
    out.add({"batch_random",
             title,
             "answer",
             {{"gather", "ours", n, gather(asked.narrow, 1), "one core"},
              {"gather, questions in int64", "ours", n, gather(asked.wide, 1)},
              {"gather, 2 threads", "ours", n, gather(asked.narrow, 2)},
              {"array in RAM", "baseline", n, array, "", asked.plain->ready}}},
            n, with.rounds);
}

/// Questions uniform over (column, trial, epoch), asked column by column.
inline void many_columns(report& out, const options& with, inputs& from, const std::string& title,
                         const std::vector<std::pair<column_words, std::size_t>>& columns) {
    std::size_t all_epochs = 0;
    for (const auto& column : columns) all_epochs += column.second;
    std::vector<asked_column> asked;
    std::size_t n = 0;
    double ready = 0.0;
    for (const auto& column : columns) {
        const std::size_t share = from.batch_size * column.second / all_epochs;
        asked.emplace_back(from, column.first, std::max<std::size_t>(1, share));
        n += asked.back().size();
        ready += asked.back().plain->ready;
    }
    std::vector<std::uint8_t> present(n);
    const auto gather = [&](unsigned threads) {
        return [&asked, &from, &present, threads](answers& into) {
            std::size_t at = 0;
            for (const asked_column& one : asked) {
                one.gather(from, one.narrow, into.data() + at, present.data() + at, threads);
                at += one.size();
            }
        };
    };
    const auto arrays = [&](answers& into) {
        double* to = into.data();
        for (const asked_column& one : asked) {
            one.from_array(to);
            to += one.size();
        }
    };
    const std::string calls = std::to_string(asked.size()) + " calls";
    out.add({"batch_random",
             title,
             "answer",
             {{"gather", "ours", n, gather(1), "one core, " + calls},
              {"gather, 2 threads", "ours", n, gather(2)},
              {"arrays in RAM", "baseline", n, arrays, "", ready}}},
            n, with.rounds);
}

/// Every (dataset, split, metric) of schedule 200 with its number of epochs; times or not.
inline std::vector<std::pair<column_words, std::size_t>> columns_200(const inputs& from,
                                                                     bool with_times) {
    const auto& about = from.image.about();
    std::vector<std::pair<column_words, std::size_t>> out;
    for (const auto& column : about.columns) {
        const auto& group = about.groups[column.group];
        const std::string metric(nb201store::metric_name(column.metric));
        if (group.schedule != 200 || column.split == nb201store::k_none) continue;
        if (metric == "time" && !with_times) continue;
        out.push_back({{std::string(about.datasets[group.dataset].name),
                        std::string(about.splits[column.split].name), metric, 200},
                       column.epoch_count});
    }
    return out;
}

inline void mean(report& out, const options& with, inputs& from, const plain_column& plain) {
    const batch asked = from.draw(k_validation, from.batch_size);
    const narrow_batch narrow(asked);
    const std::size_t n = asked.codes.size();
    std::vector<std::uint8_t> present(n);
    const auto& words = k_validation;
    const auto gather = [&](answers& into) {
        from.image.gather({narrow.codes.data(), n}, words.dataset, words.split, words.metric,
                          words.schedule, {narrow.epochs.data(), n}, nb201store::mean_seed,
                          into.data(), present.data());
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0.0;
            int count = 0;
            for (std::size_t seed = 0; seed < plain.seeds; ++seed) {
                const double value = plain.row(static_cast<std::size_t>(asked.codes[i]),
                                               seed)[static_cast<std::size_t>(asked.epochs[i])];
                if (std::isnan(value)) continue;
                sum += value;
                ++count;
            }
            into[i] = sum / count;
        }
    };
    out.add({"mean",
             "a batch of (cell, epoch)",
             "answer",
             {{"gather", "ours", n, gather, "one core"},
              {"array in RAM", "baseline", n, array, "", plain.ready}}},
            n, with.rounds);
}

inline void batches(report& out, const options& with, inputs& from, const plain_column& plain) {
    if (with.wants("batch_random")) {
        one_column(out, with, from, "one u16 metric", k_plain_u16);
        one_column(out, with, from, "u16 and last-batch hits", k_validation);
        many_columns(out, with, from, "whole store", columns_200(from, true));
        many_columns(out, with, from, "whole store without times", columns_200(from, false));
    }
    if (with.wants("mean")) mean(out, with, from, plain);
}

}  // namespace bench
