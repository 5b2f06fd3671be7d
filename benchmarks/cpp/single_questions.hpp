// open_warm, point, point_handle, simulated_cost, neighbours: one question at a time.
#pragma once

#include "inputs.hpp"

namespace bench {

inline void open_warm(report& out, const options& with) {
    constexpr std::size_t times = 50;
    const auto open_often = [&](answers& into) {
        for (std::size_t i = 0; i < times; ++i)
            into[0] = nb201store::image::open(with.image).cells();
    };
    out.add({"open_warm", "open", "open", {{"image::open", "ours", times, open_often}}}, 1,
            with.rounds);
}

inline void point(report& out, const options& with, inputs& from, const plain_column& plain) {
    const auto codes = from.draw_codes(k_validation, k_seed, from.points);
    const std::size_t n = codes.size();
    const std::size_t place = place_of(from.seeds_of(k_validation), k_seed);
    const auto& words = k_validation;
    const auto value = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i)
            into[i] = from.image.value(codes[i], words.dataset, words.split, words.metric,
                                       words.schedule, 199, k_seed);
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i)
            into[i] = plain.row(static_cast<std::size_t>(codes[i]), place)[199];
    };
    out.add({"point",
             "200 epochs",
             "answer",
             {{"image::value", "ours", n, value},
              {"array in RAM", "baseline", n, array, "", plain.ready}}},
            n, with.rounds);
}

inline void handle(report& out, const options& with, inputs& from, const plain_column& plain,
                   const std::string& title, const std::vector<std::int64_t>& codes) {
    const std::size_t n = codes.size();
    const std::size_t place = place_of(from.seeds_of(k_validation), k_seed);
    const auto column = from.column(k_validation, 199, k_seed);
    const auto at = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i) into[i] = column.at(codes[i]);
    };
    const auto unchecked = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i) into[i] = column[static_cast<std::size_t>(codes[i])];
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i)
            into[i] = plain.row(static_cast<std::size_t>(codes[i]), place)[199];
    };
    out.add({"point_handle",
             title,
             "answer",
             {{"column::at", "ours", n, at, "checked"},
              {"column::operator[]", "ours", n, unchecked, "unchecked"},
              {"array in RAM", "baseline", n, array, "", plain.ready}}},
            n, with.rounds);
}

inline void point_handle(report& out, const options& with, inputs& from,
                         const plain_column& plain) {
    const auto codes = from.draw_codes(k_validation, k_seed, from.points);
    std::vector<std::int64_t> again(codes.size());
    for (std::size_t i = 0; i < again.size(); ++i) again[i] = codes[i % 30];
    handle(out, with, from, plain, "random cells", codes);
    handle(out, with, from, plain, "the same few cells", again);
}

/// Cells whose time columns hold everything a cost needs, and the same times in arrays.
inline void simulated_cost(report& out, const options& with, inputs& from, std::int64_t schedule,
                           std::int64_t seed) {
    const column_words train{"cifar10-valid", "train", "time", schedule};
    const column_words pass{"cifar10-valid", "x-valid", "time", schedule};
    const plain_column train_s(from, train), pass_s(from, pass);
    const auto codes = from.draw_codes(train, seed, from.points);
    const std::size_t n = codes.size();
    const std::size_t place = place_of(from.seeds_of(train), seed);
    std::vector<std::uint8_t> present(n);
    const auto ours = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i)
            into[i] =
                from.image.simulated_cost(codes[i], train.dataset, pass.split, schedule, -1, seed);
    };
    const auto at_once = [&](answers& into) {
        from.image.simulated_costs({codes.data(), n}, train.dataset, pass.split, schedule, -1, seed,
                                   into.data(), present.data());
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < n; ++i) {
            const double* row = train_s.row(static_cast<std::size_t>(codes[i]), place);
            double sum = 0.0;
            for (std::size_t epoch = 0; epoch < train_s.epochs; ++epoch) sum += row[epoch];
            into[i] =
                sum + pass_s.row(static_cast<std::size_t>(codes[i]), place)[pass_s.epochs - 1];
        }
    };
    const double ready = train_s.ready + pass_s.ready;
    out.add({"simulated_cost",
             std::to_string(schedule) + " epochs",
             "answer",
             {{"image::simulated_cost", "ours", n, ours},
              {"image::simulated_costs", "ours", n, at_once, "all in one call"},
              {"array in RAM", "baseline", n, array, "", ready}}},
            n, with.rounds);
}

inline void neighbours(report& out, const options& with, inputs& from, const plain_column& plain) {
    const auto codes =
        from.draw_codes(k_validation, k_seed, std::max<std::size_t>(1, from.points / 10));
    const auto& space = from.image.about().space;
    const std::size_t each = nb201store::neighbour_count(space);
    const std::size_t place = place_of(from.seeds_of(k_validation), k_seed);
    const auto column = from.column(k_validation, 199, k_seed);
    std::vector<std::int64_t> around(each);
    std::vector<std::uint8_t> present(each);
    const auto ours = [&](answers& into) {
        for (std::size_t i = 0; i < codes.size(); ++i) {
            nb201store::neighbour_codes(space, static_cast<std::uint32_t>(codes[i]), around.data());
            column.take({around.data(), each}, into.data() + i * each, present.data());
        }
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < codes.size(); ++i) {
            nb201store::neighbour_codes(space, static_cast<std::uint32_t>(codes[i]), around.data());
            for (std::size_t j = 0; j < each; ++j)
                into[i * each + j] = plain.row(static_cast<std::size_t>(around[j]), place)[199];
        }
    };
    out.add(
        {"neighbours",
         "one cell",
         "cell",
         {{"neighbour_codes and column::take", "ours", codes.size(), ours},
          {"neighbour_codes and array in RAM", "baseline", codes.size(), array, "", plain.ready}}},
        codes.size() * each, with.rounds);
}

inline void single_questions(report& out, const options& with, inputs& from,
                             const plain_column& plain) {
    if (with.wants("open_warm")) open_warm(out, with);
    if (with.wants("point")) point(out, with, from, plain);
    if (with.wants("point_handle")) point_handle(out, with, from, plain);
    if (with.wants("simulated_cost")) {
        simulated_cost(out, with, from, 12, 111);
        simulated_cost(out, with, from, 200, k_seed);
    }
    if (with.wants("neighbours")) neighbours(out, with, from, plain);
}

}  // namespace bench
