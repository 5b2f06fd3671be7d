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

/// The addresses that a batch must read, found before: what is left is the memory's own time.
class bare_reads {
  public:
    bare_reads(const inputs& from, const column_words& of, const batch& asked,
               const std::vector<std::uint32_t>& epoch_places) {
        const auto& about = from.image.about();
        const std::uint32_t number =
            nb201store::detail::find_column(about, {of.dataset, of.split, of.metric, of.schedule});
        const auto& column = about.columns[number];
        const auto& group = about.groups[column.group];
        const auto& data = from.image.sections()[column.data];
        const std::size_t width = data.size / data.shape[0] / (data.rank == 1 ? 1 : data.shape[1]);
        const std::uint8_t* bytes = from.image.section_bytes(data);
        const std::uint8_t* rows = from.image.section_bytes(from.image.sections()[group.row_table]);
        for (std::size_t i = 0; i < asked.codes.size(); ++i) {
            const auto code = static_cast<std::size_t>(asked.codes[i]);
            const std::size_t trial = code * group.seeds.size() + asked.seed_places[i];
            const bool per_cell = data.shape[0] == from.image.cells() && data.rank == 1;
            const std::size_t row =
                per_cell ? code : nb201store::detail::load_u32(rows + 4 * trial);
            const std::size_t at = data.rank == 1 ? row : row * data.shape[1] + epoch_places[i];
            addresses_.push_back(bytes + at * width);
        }
    }

    /// One byte of every value: a cache line is moved for it as for the whole.
    void read(double* out) const {
        for (std::size_t i = 0; i < addresses_.size(); ++i) out[i] = *addresses_[i];
    }

  private:
    std::vector<const std::uint8_t*> addresses_;
};

/// A column's questions, the same numbers in an array, and where they lie in the image.
struct asked_column {
    column_words words;
    batch wide;
    narrow_batch narrow;
    std::shared_ptr<const plain_column> plain;
    std::vector<std::uint32_t> epoch_places;
    std::shared_ptr<const bare_reads> bare;

    asked_column(inputs& from, const column_words& of, std::size_t count)
        : words(of),
          wide(from.draw(of, count)),
          narrow(wide),
          plain(std::make_shared<plain_column>(from, of)) {
        for (const auto epoch : wide.epochs)
            epoch_places.push_back(
                static_cast<std::uint32_t>(place_of(plain->epoch_numbers, epoch)));
        bare = std::make_shared<bare_reads>(from, of, wide, epoch_places);
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

inline const std::string k_bare_note = "what reading them from the image must cost here";

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
    const auto bare = [&](answers& into) { asked.bare->read(into.data()); };
    out.add({"batch_random",
             title,
             "answer",
             {{"gather", "ours", n, gather(asked.narrow, 1), "one core"},
              {"gather, questions in int64", "ours", n, gather(asked.wide, 1)},
              {"gather, 2 threads", "ours", n, gather(asked.narrow, 2)},
              {"array in RAM", "baseline", n, array, "", asked.plain->ready},
              {"the bytes alone, addresses known", "floor", n, bare, k_bare_note}}},
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
    const auto bare = [&](answers& into) {
        double* to = into.data();
        for (const asked_column& one : asked) {
            one.bare->read(to);
            to += one.size();
        }
    };
    const std::string calls = std::to_string(asked.size()) + " calls";
    out.add({"batch_random",
             title,
             "answer",
             {{"gather", "ours", n, gather(1), "one core, " + calls},
              {"gather, 2 threads", "ours", n, gather(2)},
              {"arrays in RAM", "baseline", n, arrays, "", ready},
              {"the bytes alone, addresses known", "floor", n, bare, k_bare_note}}},
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
    if (from.batch_size < 10'000 && out.size() > 4) out.erase(out.begin() + 4, out.end());  // a toy
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
