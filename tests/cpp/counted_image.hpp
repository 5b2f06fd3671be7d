// An image of the whole topology space whose one column holds any numbers: one trial a cell, or
// none where the number is missing.
#pragma once

#include <nb201store/nb201store.hpp>
#include <optional>
#include <string>
#include <vector>

#include "image_builder.hpp"

namespace sample {

/// Datasets "one" (10 classes, 32 pixels) and "two" (120 classes, 16 pixels); the loss of split
/// "train" of "one", schedule 1, seed 777, is `values` by code, nothing for the cells beyond.
inline builder::image_builder counted(const std::vector<std::optional<double>>& values = {}) {
    using builder::record;
    builder::image_builder image;
    image.add_record("space", record("tss", 16, {15625, 6, 5, 16, 5, 3, 256}));
    for (const std::string_view op : nb201store::k_tss_ops)
        image.add_record("choices", record(std::string(op), 32, {}, 32));
    image.add_record("datasets", record("one", 40, {10, 32}));
    image.add_record("datasets", record("two", 40, {120, 16}));
    image.add_record("splits", record("train", 40, {0, 1000, 0}));
    image.add(builder::ints("seeds", builder::u32, {1}, {777}));
    image.add(builder::ints("epochs", builder::u32, {1}, {0}));
    std::vector<std::int64_t> rows(15625, -1);
    std::vector<double> stored;
    for (std::size_t code = 0; code < values.size(); ++code) {
        if (!values[code]) continue;
        rows.at(code) = static_cast<std::int64_t>(stored.size());
        stored.push_back(*values[code]);
    }
    if (stored.empty()) {
        rows[0] = 0;
        stored.push_back(0.0);
    }
    const auto trials = static_cast<std::uint32_t>(stored.size());
    image.add(builder::ints("rows", builder::i32, {15625, 1}, rows));
    image.add(builder::floats("loss", builder::f8, {trials, 1}, stored));
    image.add_record("trials", record("", 0, {1, 0, 1, 0, trials, image.number("rows")}));
    constexpr std::uint32_t k_no_section = 0xFFFFFFFFu;
    image.add_record(
        "columns",
        record("", 0, {0, 0, 3, 3, 0, 1, image.number("loss"), k_no_section, k_no_section}));
    return image;
}

}  // namespace sample
