// A small benchmark that has one column of every encoding, holes of every kind, and numbers a
// reader can predict.
#pragma once

#include <memory>
#include <nb201store/nb201store.hpp>
#include <string>
#include <vector>

#include "image_builder.hpp"

namespace sample {

inline constexpr std::uint32_t k_none = 0xFFFFFFFFu;

/// Rows of alpha's 3-epoch group by code and seed (777, 888, 999): code 2 has no trial.
inline constexpr std::int64_t k_rows[4][3] = {{0, 1, 2}, {-1, 3, -1}, {-1, -1, -1}, {-1, -1, 4}};

inline std::vector<std::int64_t> numbers(std::size_t count, std::int64_t first, std::int64_t step) {
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(first + step * static_cast<std::int64_t>(i));
    return out;
}

inline std::vector<double> halves(std::size_t count, double first) {
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(first + 0.5 * static_cast<double>(i));
    return out;
}

inline void add_description(builder::image_builder& image) {
    using builder::record;
    image.add_record("space", record("tss", 16, {4, 2, 2, 16, 5, 3, 256}));
    image.add_record("choices", record("none", 32, {}, 32));
    image.add_record("choices", record("skip_connect", 32, {}, 32));
    image.add_record("datasets", record("alpha", 40, {10, 32}));
    image.add_record("datasets", record("beta", 40, {120, 16}));
    image.add_record("splits", record("train", 40, {0, 50000, 0}));
    image.add_record("splits", record("x-valid", 40, {0, 1000, 232}));
    image.add_record("splits", record("train", 40, {1, 151700, 148}));
    image.add(builder::ints("seeds", builder::u32, {4}, {777, 888, 999, 111}));
    image.add(
        builder::ints("epochs", builder::u32, {14}, {0, 1, 2, 0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 11}));
}

inline void add_alpha_data(builder::image_builder& image) {
    using namespace builder;
    std::vector<std::int64_t> rows;
    for (const auto& cell : k_rows) rows.insert(rows.end(), cell, cell + 3);
    image.add(ints("3/alpha/rows", i32, {4, 3}, rows));
    image.add(ints("3/alpha/train/accuracy", u16, {5, 3}, numbers(15, 40000, 7)));
    image.add(ints("3/alpha/train/top5", u32, {5, 3}, numbers(15, 49000, 3)));
    image.add(floats("3/alpha/train/loss", f4, {5, 3}, halves(15, 0.25)));
    image.add(floats("3/alpha/train/time", f8, {4}, {10.5, 11.5, 0.0, 13.5}));
    image.add(ints("3/alpha/x-valid/accuracy", u16, {5, 3}, numbers(15, 500, 11)));
    image.add(ints("3/alpha/x-valid/accuracy.last", u8, {5, 3}, numbers(15, 100, 3)));
    // Two epochs, 0 and 2; row 1 lacks epoch 2, row 4 both.
    image.add(
        floats("3/alpha/x-valid/loss", f8, {5, 2}, {0.1, 0.2, 0.3, 0, 0.5, 0.6, 0.7, 0.8, 0, 0}));
    image.add(ints("3/alpha/x-valid/loss.present", u8, {5, 1}, {3, 1, 3, 3, 0}));
    image.add(ints("3/alpha/x-valid/time", u16, {5}, {0, 1, 2, 1, 0}));
    image.add(floats("3/alpha/x-valid/time.values", f8, {3}, {1.25, 2.25, 3.25}));
    image.add(floats("3/alpha/params_m", f8, {4}, {0.1, 0.2, 0.0, 0.4}));
    image.add(floats("3/alpha/flops_m", f8, {5}, {10, 20, 30, 40, 50}));
    // Row 1 holds an empty list, row 3 none.
    image.add(ints("3/alpha/latency_s", u32, {6}, {0, 3, 3, 4, 4, 6}));
    image.add(floats("3/alpha/latency_s.values", f8, {6}, {0.1, 0.2, 0.4, 0.5, 0.6, 0.7}));
    image.add(ints("3/alpha/latency_s.present", u8, {5, 1}, {1, 1, 1, 0, 1}));
}

inline void add_other_data(builder::image_builder& image) {
    using namespace builder;
    image.add(ints("3/beta/rows", i32, {4, 1}, {0, 1, 2, 3}));
    image.add(ints("3/beta/train/accuracy", u32, {4, 3},
                   numbers(12, 100000 + (90LL << 24), (1LL << 24) + 13)));
    image.add(ints("3/beta/train/top5", u32, {4, 3}, numbers(12, 140000, 17)));
    image.add(ints("3/beta/train/top5.last", u8, {4, 3}, numbers(12, 120, 2)));
    image.add(ints("12/alpha/rows", i32, {4, 1}, {-1, 0, -1, 1}));
    image.add(ints("12/alpha/train/accuracy", u16, {2, 9},
                   {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 0, 13, 14, 15, 16, 17, 0, 19}));
    image.add(ints("12/alpha/train/accuracy.present", u8, {2, 2}, {0xFF, 1, 0x7D, 1}));
    image.add(floats("20/beta/train/time", f8, {4}, {1e-4, 2.5e-4, 1.0 / 3, 0.7}));
    part about{"about", text, {2}, {'{', '}'}, false};
    image.add(about);
    image.add(ints("12/alpha/form", u16, {2}, {0, 0}));
    image.parts.back().required = false;
}

inline void add_tables(builder::image_builder& image) {
    using builder::record;
    const auto at = [&](const char* name) { return image.number(name); };
    image.add_record("trials", record("", 0, {3, 0, 3, 0, 5, at("3/alpha/rows")}));
    image.add_record("trials", record("", 0, {3, 1, 1, 3, 4, at("3/beta/rows")}));
    image.add_record("trials", record("", 0, {12, 0, 1, 0, 2, at("12/alpha/rows")}));
    image.add_record("trials", record("", 0, {20, 1, 2, 0, 8, k_none}));  // every cell, every seed
    const auto column = [&](std::initializer_list<std::uint32_t> fields) {
        image.add_record("columns", record("", 0, fields));
    };
    // group, split, metric, encoding, first epoch, epochs, data, extra, present
    column({0, 0, 1, 1, 0, 3, at("3/alpha/train/accuracy"), k_none, k_none});
    column({0, 0, 2, 1, 0, 3, at("3/alpha/train/top5"), k_none, k_none});
    column({0, 0, 3, 3, 0, 3, at("3/alpha/train/loss"), k_none, k_none});
    column({0, 0, 4, 5, 0, 3, at("3/alpha/train/time"), k_none, k_none});
    column({0, 1, 1, 1, 0, 3, at("3/alpha/x-valid/accuracy"), at("3/alpha/x-valid/accuracy.last"),
            k_none});
    column(
        {0, 1, 3, 3, 3, 2, at("3/alpha/x-valid/loss"), k_none, at("3/alpha/x-valid/loss.present")});
    column(
        {0, 1, 4, 6, 0, 3, at("3/alpha/x-valid/time"), at("3/alpha/x-valid/time.values"), k_none});
    column({0, k_none, 5, 5, 0, 0, at("3/alpha/params_m"), k_none, k_none});
    column({0, k_none, 6, 4, 0, 0, at("3/alpha/flops_m"), k_none, k_none});
    column({0, k_none, 7, 7, 0, 0, at("3/alpha/latency_s"), at("3/alpha/latency_s.values"),
            at("3/alpha/latency_s.present")});
    column({1, 2, 1, 2, 0, 3, at("3/beta/train/accuracy"), k_none, k_none});
    column({1, 2, 2, 1, 0, 3, at("3/beta/train/top5"), at("3/beta/train/top5.last"), k_none});
    column({2, 0, 1, 1, 5, 9, at("12/alpha/train/accuracy"), k_none,
            at("12/alpha/train/accuracy.present")});
    column({3, 2, 4, 8, 0, 3, at("20/beta/train/time"), k_none, k_none});
}

inline builder::byte_vector user_record(const std::string& name, const std::string& unit,
                                        std::uint32_t data, std::uint32_t present) {
    builder::byte_vector out = builder::record(name, 64, {}, 64);
    const builder::byte_vector rest = builder::record(unit, 32, {data, present});
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
}

/// Two user columns; the second has no value of codes 0 and 3.
inline void add_user_columns(builder::image_builder& image) {
    using namespace builder;
    image.add(floats("user/0", f8, {4}, {4.5, -1.0, 0.0, 2.5}));
    image.add(floats("user/1", f8, {4}, {0, 7, 8, 0}));
    image.add(ints("user/1.present", u8, {1}, {6}));
    image.add_record("user_columns",
                     user_record("edge.latency", "ms", image.number("user/0"), k_none));
    image.add_record("user_columns", user_record("score-2", "", image.number("user/1"),
                                                 image.number("user/1.present")));
    image.add({"user_about", text, {2}, {'{', '}'}, true});
    for (const char* name : {"user/0", "user/1", "user/1.present", "user_columns", "user_about"})
        image[name].required = false;
}

inline builder::image_builder make() {
    builder::image_builder image;
    add_description(image);
    add_alpha_data(image);
    add_other_data(image);
    add_user_columns(image);
    add_tables(image);
    return image;
}

inline nb201store::image open(builder::byte_vector bytes) {
    return nb201store::image::from_memory(
        std::make_shared<const builder::byte_vector>(std::move(bytes)), "sample.nb201");
}

inline nb201store::image open(const builder::image_builder& image) { return open(image.build()); }

/// What opening (or `ask`) threw; fails the test that calls it where nothing was thrown.
template <class Function>
nb201store::error caught(Function&& ask) {
    try {
        ask();
    } catch (const nb201store::error& problem) {
        return problem;
    }
    throw std::logic_error("nothing was refused");
}

}  // namespace sample
