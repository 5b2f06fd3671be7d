// curve, column, topk: whole rows and columns.
#pragma once

#include "inputs.hpp"

namespace bench {

inline void curve(report& out, const options& with, inputs& from, const plain_column& plain) {
    const auto codes =
        from.draw_codes(k_validation, k_seed, std::max<std::size_t>(1, from.points / 10));
    const std::size_t place = place_of(from.seeds_of(k_validation), k_seed);
    const auto& words = k_validation;
    const auto ours = [&](answers& into) {
        double* to = into.data();
        for (const auto code : codes) {
            const auto found = from.image.curve(code, words.dataset, words.split, words.metric,
                                                words.schedule, k_seed);
            to = std::copy(found.values.begin(), found.values.end(), to);
        }
    };
    const auto array = [&](answers& into) {
        double* to = into.data();
        for (const auto code : codes) {
            const double* row = plain.row(static_cast<std::size_t>(code), place);
            const std::vector<double> found(row, row + plain.epochs);
            to = std::copy(found.begin(), found.end(), to);
        }
    };
    out.add({"curve",
             "200 epochs of one trial",
             "curve",
             {{"image::curve", "ours", codes.size(), ours},
              {"array in RAM, copied", "baseline", codes.size(), array, "", plain.ready}}},
            codes.size() * plain.epochs, with.rounds);
}

inline void column(report& out, const options& with, inputs& from, const plain_column& plain) {
    const std::size_t cells = from.image.cells();
    const std::size_t place = place_of(from.seeds_of(k_validation), k_seed);
    constexpr std::size_t first = 19, step = 20, count = 10;  // epochs, as in Python
    std::vector<std::uint8_t> present(cells);
    const auto ours = [&](answers& into) {
        for (std::size_t i = 0; i < count; ++i)
            from.column(k_validation, static_cast<std::int64_t>(first + step * i), k_seed)
                .array(into.data() + i * cells, present.data());
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t code = 0; code < cells; ++code)
                into[i * cells + code] = plain.row(code, place)[first + step * i];
    };
    const std::size_t n = cells * count;
    out.add({"column",
             "ten epochs of all cells",
             "cell and epoch",
             {{"column::array", "ours", n, ours},
              {"array in RAM, strided", "baseline", n, array, "", plain.ready}}},
            n, with.rounds);
}

/// The ten best by mean over seeds; an array gives its sorted means.
inline void topk(report& out, const options& with, inputs& from, const plain_column& plain) {
    const std::size_t cells = from.image.cells();
    const std::size_t n = std::min<std::size_t>(10, from.recorded(k_validation, k_seed).size());
    const auto ours = [&](answers& into) {
        const auto column = from.column(k_validation, 199, nb201store::mean_seed);
        const auto found = nb201store::top(n, column, nb201store::order::highest);
        for (std::size_t i = 0; i < n; ++i) into[i] = found[i].code;
    };
    const auto array = [&](answers& into) {
        std::vector<std::pair<double, std::size_t>> means;
        for (std::size_t code = 0; code < cells; ++code) {
            double sum = 0.0;
            int count = 0;
            for (std::size_t seed = 0; seed < plain.seeds; ++seed) {
                const double value = plain.row(code, seed)[199];
                if (std::isnan(value)) continue;
                sum += value;
                ++count;
            }
            if (count != 0) means.emplace_back(-sum / count, code);
        }
        const auto end = means.begin() + static_cast<std::ptrdiff_t>(n);
        std::partial_sort(means.begin(), end, means.end());
        for (std::size_t i = 0; i < n; ++i) into[i] = static_cast<double>(means[i].second);
    };
    out.add({"topk",
             "10 best by mean over seeds",
             "cell of the space",
             {{"top", "ours", cells, ours},
              {"array in RAM, partial_sort", "baseline", cells, array, "", plain.ready}}},
            n, with.rounds);
}

inline void rows_and_columns(report& out, const options& with, inputs& from,
                             const plain_column& plain) {
    if (with.wants("curve")) curve(out, with, from, plain);
    if (with.wants("column")) column(out, with, from, plain);
    if (with.wants("topk")) topk(out, with, from, plain);
}

}  // namespace bench
