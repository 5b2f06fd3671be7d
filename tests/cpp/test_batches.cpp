// Batch questions against the same questions asked one by one, on the sample image with its holes
// and on one large enough for several blocks and threads.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <nb201store/nb201store.hpp>
#include <string>
#include <vector>

#include "sample_image.hpp"

using nb201store::errc;
using nb201store::integers;
using nb201store::mean_seed;

namespace {

struct asked {
    std::vector<std::int64_t> codes, epochs, seeds;
};

/// The value of one element as a point query answers it; NaN where that says `missing`.
double one_by_one(const nb201store::image& image, const std::string& dataset,
                  const std::string& split, std::string_view metric, std::int64_t schedule,
                  std::int64_t code, std::int64_t epoch, nb201store::seed_choice seed) {
    try {
        return image.value(code, dataset, split, metric, schedule, epoch, seed);
    } catch (const nb201store::error& problem) {
        CHECK(problem.code() == errc::missing);
        return std::nan("");
    }
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Every (code, epoch, seed) of a column, `repeats` times over.
asked everything(const nb201store::image& image, const nb201store::column_info& info,
                 std::size_t repeats) {
    const auto& about = image.about();
    asked out;
    for (std::size_t r = 0; r < repeats; ++r)
        for (std::int64_t code = 0; code < image.cells(); ++code)
            for (std::uint32_t e = 0; e < info.epoch_count; ++e)
                for (const std::uint32_t seed : about.groups[info.group].seeds) {
                    out.codes.push_back(code);
                    out.epochs.push_back(about.epochs[info.first_epoch + e]);
                    out.seeds.push_back(seed);
                }
    return out;
}

}  // namespace

TEST_CASE("a gather answers as the point queries it is made of") {
    const auto image = sample::open(sample::make());
    for (const auto& info : image.about().columns) {
        if (info.split == nb201store::k_none) continue;
        const auto& group = image.about().groups[info.group];
        const auto dataset = image.about().datasets[group.dataset].name;
        const auto split = image.about().splits[info.split].name;
        const auto metric = nb201store::metric_name(info.metric);
        const asked q = everything(image, info, 40);  // more than one block
        const std::size_t n = q.codes.size();
        std::vector<double> out(n), means(n);
        std::vector<std::uint8_t> present(n), mean_present(n);
        image.gather({q.codes.data(), n}, dataset, split, metric, group.schedule,
                     {q.epochs.data(), n}, {q.seeds.data(), n}, out.data(), present.data());
        image.gather({q.codes.data(), n}, dataset, split, metric, group.schedule,
                     {q.epochs.data(), n}, mean_seed, means.data(), mean_present.data());
        for (std::size_t i = 0; i < n; ++i) {
            const double single = one_by_one(image, dataset, split, metric, group.schedule,
                                             q.codes[i], q.epochs[i], q.seeds[i]);
            REQUIRE(same(out[i], single));
            REQUIRE((present[i] == 1) == !std::isnan(single));
            const double mean = one_by_one(image, dataset, split, metric, group.schedule,
                                           q.codes[i], q.epochs[i], mean_seed);
            REQUIRE(same(means[i], mean));
            REQUIRE((mean_present[i] == 1) == !std::isnan(mean));
        }
    }
}

TEST_CASE("one number stands for all, and integers have any width") {
    const auto image = sample::open(sample::make());
    const std::int8_t codes[] = {3, 0};
    const std::uint64_t epochs[] = {0, 2};
    double out[2], other[2];
    std::uint8_t present[2];
    image.gather({codes, 2}, "alpha", "train", "accuracy", 3, {epochs, 2},
                 integers::repeated(999, 2), out, present);
    image.gather({codes, 2}, "alpha", "train", "accuracy", 3, {epochs, 2}, 999, other, present);
    CHECK(out[0] == 100.0 * (40000 + 7 * 12) / 50000);  // row 4, epoch 0
    CHECK(out[1] == 100.0 * (40000 + 7 * 8) / 50000);   // row 2, epoch 2
    CHECK(other[0] == out[0]);
    CHECK(other[1] == out[1]);
    const std::int16_t from_the_end[] = {-3, -1};
    image.gather({codes, 2}, "alpha", "train", "accuracy", 3, {from_the_end, 2}, 999, other,
                 present);
    CHECK(other[0] == out[0]);
    CHECK(other[1] == out[1]);
}

TEST_CASE("the number of threads changes nothing") {
    const auto image = sample::open(sample::make());
    const asked q = everything(image, image.about().columns[4], 5000);  // x-valid accuracy
    const std::size_t n = q.codes.size();
    REQUIRE(n > 4 * nb201store::detail::k_least_range);
    std::vector<double> one(n), many(n);
    std::vector<std::uint8_t> one_present(n), many_present(n);
    image.gather({q.codes.data(), n}, "alpha", "x-valid", "accuracy", 3, {q.epochs.data(), n},
                 {q.seeds.data(), n}, one.data(), one_present.data(), 1);
    image.gather({q.codes.data(), n}, "alpha", "x-valid", "accuracy", 3, {q.epochs.data(), n},
                 {q.seeds.data(), n}, many.data(), many_present.data(), 4);
    CHECK(one_present == many_present);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(same(one[i], many[i]));
    // The first bad element is named, whichever thread met one first.
    asked bad = q;
    bad.codes[n - 1] = 7;
    bad.seeds[n / 3] = 5;
    for (const unsigned threads : {1u, 4u}) {
        const auto problem = sample::caught([&] {
            image.gather({bad.codes.data(), n}, "alpha", "x-valid", "accuracy", 3,
                         {bad.epochs.data(), n}, {bad.seeds.data(), n}, many.data(),
                         many_present.data(), threads);
        });
        CHECK(problem.code() == errc::missing);
        CHECK(std::string(problem.what())
                  .find("seed 5 at position " + std::to_string(n / 3) + " was not recorded") !=
              std::string::npos);
    }
}

TEST_CASE("a batch names its first element that cannot be") {
    const auto image = sample::open(sample::make());
    const auto message = [&](std::vector<std::int64_t> codes, std::vector<std::int64_t> epochs,
                             std::vector<std::int64_t> seeds, errc code) {
        std::vector<double> out(codes.size());
        std::vector<std::uint8_t> present(codes.size());
        const auto problem = sample::caught([&] {
            image.gather({codes.data(), codes.size()}, "alpha", "x-valid", "loss", 3,
                         {epochs.data(), epochs.size()}, {seeds.data(), seeds.size()}, out.data(),
                         present.data());
        });
        CHECK(problem.code() == code);
        return std::string(problem.what());
    };
    const auto has = [](const std::string& text, const char* part) {
        CHECK_MESSAGE(text.find(part) != std::string::npos, text);
    };
    has(message({0, 4, 5}, {0, 0, 9}, {777, 777, 777}, errc::arch),
        "code must be an integer 0..3, found 4 at position 1");
    has(message({0, -1}, {0, 0}, {777, 777}, errc::arch), "found -1 at position 1");
    has(message({0, 0}, {0, 3}, {777, 777}, errc::settings),
        "epoch must be -3..2 for schedule 3, found 3 at position 1");
    has(message({0, 0}, {-4, 0}, {777, 777}, errc::settings), "found -4 at position 0");
    has(message({0, 0}, {0, 1}, {777, 777}, errc::missing),  // epochs 0 and 2 exist
        "epoch 1 at position 1 was not recorded; epochs recorded: 0, 2");
    has(message({0, 0}, {0, 0}, {777, 1000}, errc::missing),
        "seed 1000 at position 1 was not recorded, only 777, 888, 999");
    const std::uint64_t huge[] = {0, 18446744073709551615u};
    double out[2];
    std::uint8_t present[2];
    for (const bool as_code : {true, false}) {
        const auto problem = sample::caught([&] {
            const integers good = integers::repeated(0, 2);
            image.gather(as_code ? integers(huge, 2) : good, "alpha", "x-valid", "loss", 3,
                         as_code ? good : integers(huge, 2), 777, out, present);
        });
        has(problem.what(), "found 18446744073709551615 at position 1");
    }
}

TEST_CASE("the best epoch: the earliest of equals, lowest for losses and times, never NaN") {
    const auto image = sample::open(sample::make());
    // accuracies rise by 7 hits an epoch, losses by 0.5, times stay
    CHECK(image.best_epoch(0, "alpha", "train", "accuracy", 3, 777).epoch == 2);
    const auto loss = image.best_epoch(0, "alpha", "train", "loss", 3, 888);
    CHECK(loss.epoch == 0);
    CHECK(loss.found.value == 1.75);
    CHECK(image.best_epoch(0, "alpha", "train", "time", 3, mean_seed).epoch == 0);
    // row 1 of x-valid's loss lacks epoch 2; epochs 0 and 2 are recorded
    CHECK(image.best_epoch(0, "alpha", "x-valid", "loss", 3, 999).epoch == 0);
    const std::int32_t codes[] = {3, 0, 2, 1};
    std::int64_t epochs[4];
    double values[4];
    std::uint8_t present[4];
    image.best_epochs({codes, 4}, "alpha", "x-valid", "loss", 3, mean_seed, epochs, values,
                      present);
    CHECK(present[0] == 0);  // row 4 lacks both epochs
    CHECK(std::isnan(values[0]));
    CHECK(present[2] == 0);  // code 2 has no trial
    for (const int i : {1, 3}) {
        const auto single = image.best_epoch(codes[i], "alpha", "x-valid", "loss", 3, mean_seed);
        CHECK(present[i] == 1);
        CHECK(epochs[i] == single.epoch);
        CHECK(values[i] == single.found.value);
    }
    CHECK(sample::caught([&] { image.best_epoch(2, "alpha", "x-valid", "loss", 3, 777); }).code() ==
          errc::missing);
    auto diverged = sample::make();
    auto& losses = diverged["3/alpha/train/loss"].bytes;
    const float nan = std::nanf("");
    std::memcpy(losses.data(), &nan, sizeof nan);
    CHECK(sample::open(diverged).best_epoch(0, "alpha", "train", "loss", 3, 777).epoch == 1);
    for (int e = 1; e < 3; ++e) std::memcpy(losses.data() + 4 * e, &nan, sizeof nan);
    const auto none = sample::caught(
        [&] { sample::open(diverged).best_epoch(0, "alpha", "train", "loss", 3, 777); });
    CHECK(std::string(none.what()).find("every value is NaN, none is best") != std::string::npos);
}

TEST_CASE("a simulated cost: epochs added one by one, and one pass over the split") {
    const auto image = sample::open(sample::make());
    // train time of code 0 is 10.5 s an epoch; x-valid 1.25, 2.25, 3.25 s by seed
    CHECK(image.simulated_cost(0, "alpha", "x-valid", 3, -1, 777) == 10.5 + 10.5 + 10.5 + 1.25);
    CHECK(image.simulated_cost(0, "alpha", "x-valid", 3, 0, 888) == 10.5 + 2.25);
    CHECK(image.simulated_cost(0, "alpha", "x-valid", 3, 1, mean_seed) ==
          ((21.0 + 1.25) + (21.0 + 2.25) + (21.0 + 3.25)) / 3);
    const std::uint8_t codes[] = {0, 2, 1, 3};
    double out[4];
    std::uint8_t present[4];
    image.simulated_costs({codes, 4}, "alpha", "x-valid", 3, 1, mean_seed, out, present);
    CHECK(out[0] == image.simulated_cost(0, "alpha", "x-valid", 3, 1, mean_seed));
    CHECK(present[1] == 0);
    CHECK(std::isnan(out[1]));
    CHECK(out[2] == image.simulated_cost(1, "alpha", "x-valid", 3, 1, mean_seed));
    CHECK(present[3] == 1);
    const auto none =
        sample::caught([&] { image.simulated_cost(2, "alpha", "x-valid", 3, -1, mean_seed); });
    CHECK(none.code() == errc::missing);
    CHECK(sample::caught([&] { image.simulated_cost(0, "alpha", "x-valid", 3, 3, 777); }).code() ==
          errc::settings);
    CHECK(sample::caught([&] { image.simulated_cost(0, "beta", "train", 3, 0, 111); }).code() ==
          errc::missing);  // beta has no times
}

TEST_CASE("seed counts and neighbours") {
    const auto image = sample::open(sample::make());
    const std::int64_t codes[] = {0, 1, 2, 3};
    std::int64_t counts[4];
    image.seed_counts({codes, 4}, "alpha", 3, counts);
    for (const std::int64_t code : codes)
        CHECK(counts[code] == static_cast<std::int64_t>(image.seeds(code, "alpha", 3).size()));
    CHECK(counts[0] == 3);
    const auto column = image.column("alpha", "train", "accuracy", 3, 0, mean_seed);
    std::int64_t around[2];
    double values[2];
    std::uint8_t present[2];
    column.neighbours(1, around, values, present);  // digits 01 -> 11, 00
    CHECK(around[0] == 3);
    CHECK(around[1] == 0);
    CHECK(values[0] == column[3]);
    CHECK(values[1] == column[0]);
    nb201store::space_info tss{"tss", 15625, 6, 5, 16, 5, 3, 256, {}};
    std::vector<std::int64_t> found(nb201store::neighbour_count(tss));
    for (const std::uint32_t code : {0u, 1462u, 15624u}) {
        nb201store::neighbour_codes(tss, code, found.data());
        const auto expected = nb201store::tss_neighbours(code);
        CHECK(found == std::vector<std::int64_t>(expected.begin(), expected.end()));
    }
}
