// Every encoding, hole and mean of the sample image, against numbers computed here.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "sample_image.hpp"

using nb201store::errc;
using nb201store::mean_seed;
using nb201store::status;

namespace {

double percent(double hits, double last_hits, double last, double images) {
    const float rate = static_cast<float>(100.0 / last);
    return ((hits - last_hits) * 100.0 +
            static_cast<double>(static_cast<float>(last_hits) * rate) * last) /
           images;
}

}  // namespace

TEST_CASE("hits, u16 and u32, without a last batch") {
    const auto image = sample::open(sample::make());
    CHECK(image.value(0, "alpha", "train", "accuracy", 3, 0, 777) == 100.0 * 40000 / 50000);
    CHECK(image.value(3, "alpha", "train", "accuracy", 3, -1, 999) ==
          100.0 * (40000 + 14 * 7) / 50000);
    CHECK(image.value(1, "alpha", "train", "top5", 3, 1, 888) == 100.0 * (49000 + 10 * 3) / 50000);
}

TEST_CASE("hits with last-batch hits, beside them and packed with them") {
    const auto image = sample::open(sample::make());
    CHECK(image.value(1, "alpha", "x-valid", "accuracy", 3, 2, 888) ==
          percent(500 + 11 * 11, 100 + 11 * 3, 232, 1000));
    CHECK(image.value(0, "beta", "train", "accuracy", 3, 0, 111) ==
          percent(100000, 90, 148, 151700));
    CHECK(image.value(3, "beta", "train", "accuracy", 3, 2, 111) ==
          percent(100000 + 11 * 13, 101, 148, 151700));
    CHECK(image.value(2, "beta", "train", "top5", 3, 1, 111) ==
          percent(140000 + 7 * 17, 134, 148, 151700));
}

TEST_CASE("the float32 step of a percentage is kept") {
    // 63.9 % of 25,000 images whose last batch holds 168: the double that float64 arithmetic alone
    // would not give.
    const nb201store::percent_rule rule(25000, 168);
    const double exact = 100.0 * 15975 / 25000;
    bool differs = false;
    for (std::uint32_t k = 0; k <= 168; ++k) differs |= rule.percent(15975, k) != exact;
    CHECK(differs);
    CHECK(rule.percent(15975, 107) == percent(15975, 107, 168, 25000));
    CHECK_FALSE(rule.possible(25001, 0));
    CHECK_FALSE(rule.possible(200, 169));
    CHECK_FALSE(rule.possible(10, 11));
    CHECK(rule.possible(25000, 168));
}

TEST_CASE("values, f4 and f8, with holes") {
    const auto image = sample::open(sample::make());
    CHECK(image.value(0, "alpha", "train", "loss", 3, 1, 888) == 0.25 + 0.5 * 4);
    CHECK(image.value(0, "alpha", "x-valid", "loss", 3, 2, 777) == 0.2);
    CHECK(image.epochs("alpha", "x-valid", "loss", 3) == std::vector<std::uint32_t>{0, 2});
    const auto hole =
        sample::caught([&] { image.value(0, "alpha", "x-valid", "loss", 3, 2, 888); });
    CHECK(hole.code() == errc::missing);
    CHECK(std::string(hole.what()) ==
          "code 0, alpha, schedule 3, x-valid, loss, seed 888: epoch 2 was not recorded; epochs "
          "recorded: 0");
    CHECK(image.value(0, "alpha", "x-valid", "loss", 3, 0, mean_seed) == (0.1 + 0.3 + 0.5) / 3);
    CHECK(image.value(0, "alpha", "x-valid", "loss", 3, 2, mean_seed) == (0.2 + 0.6) / 2);
    CHECK(sample::caught([&] {
              image.value(3, "alpha", "x-valid", "loss", 3, 2, mean_seed);
          }).code() == errc::missing);
}

TEST_CASE("numbers of a cell, of a trial, of a dictionary and of a list") {
    const auto image = sample::open(sample::make());
    CHECK(image.value(0, "alpha", "train", "time", 3, 2, 999) == 10.5);
    CHECK(image.value(1, "alpha", "train", "time", 3, 0, mean_seed) == 11.5);
    CHECK(sample::caught([&] { image.value(1, "alpha", "train", "time", 3, 0, 777); }).code() ==
          errc::missing);
    CHECK(image.value(0, "alpha", "x-valid", "time", 3, 0, 999) == 3.25);
    CHECK(image.trial_value(3, "alpha", "params_m", 3, 999) == 0.4);
    CHECK(image.trial_value(1, "alpha", "flops_m", 3, 888) == 40);
    CHECK(image.trial_value(0, "alpha", "flops_m", 3, mean_seed) == 20);
    CHECK(image.trial_list(0, "alpha", "flops_m", 3, 888) == std::vector<double>{20});
    CHECK(image.trial_list(0, "alpha", "latency_s", 3, 777) == std::vector<double>{0.1, 0.2, 0.4});
    CHECK(image.trial_list(0, "alpha", "latency_s", 3, 888).empty());
    CHECK(image.trial_value(0, "alpha", "latency_s", 3, 777) == (0.1 + 0.2 + 0.4) / 3);
    CHECK(image.trial_value(0, "alpha", "latency_s", 3, mean_seed) ==
          ((0.1 + 0.2 + 0.4) / 3 + 0.5) / 2);
    for (const int code : {0, 1}) {  // an empty list has no mean; row 3 has no list at all
        const auto none =
            sample::caught([&] { image.trial_value(code, "alpha", "latency_s", 3, 888); });
        CHECK(none.code() == errc::missing);
        CHECK(std::string(none.what())
                  .find("alpha, schedule 3, latency_s, seed 888 was not recorded") !=
              std::string::npos);
    }
    CHECK(sample::caught([&] { image.trial_list(1, "alpha", "latency_s", 3, 888); }).code() ==
          errc::missing);
    CHECK(sample::caught([&] { image.trial_list(0, "alpha", "latency_s", 3, mean_seed); }).code() ==
          errc::settings);
}

TEST_CASE("seconds of an image, and trials that need no row table") {
    const auto image = sample::open(sample::make());
    CHECK(image.value(1, "beta", "train", "time", 20, 2, 888) == 2.5e-4 * 151700);
    CHECK(image.value(2, "beta", "train", "time", 20, 0, mean_seed) == 1.0 / 3 * 151700);
    CHECK(image.seeds(3, "beta", 20) == std::vector<std::uint32_t>{777, 888});
    const std::int64_t codes[] = {3, 0, 2};
    double seconds[3];
    std::uint8_t present[3];
    image.column("beta", "train", "time", 20, 1, 777).take({codes, 3}, seconds, present);
    CHECK(seconds[0] == 0.7 * 151700);
    CHECK(seconds[1] == 1e-4 * 151700);
    CHECK(seconds[2] == 1.0 / 3 * 151700);
    image.check();
}

TEST_CASE("presence bits beyond the first byte") {
    const auto image = sample::open(sample::make());
    CHECK(image.value(1, "alpha", "train", "accuracy", 12, -1, 777) == 100.0 * 9 / 50000);
    CHECK(image.value(3, "alpha", "train", "accuracy", 12, 11, 777) == 100.0 * 19 / 50000);
    const auto hole =
        sample::caught([&] { image.value(3, "alpha", "train", "accuracy", 12, 7, 777); });
    CHECK(std::string(hole.what()).find("epochs recorded: 0, 2-6, 11") != std::string::npos);
    const auto curve = image.curve(3, "alpha", "train", "accuracy", 12, 777);
    CHECK(curve.present == std::vector<std::uint8_t>{1, 0, 1, 1, 1, 1, 1, 0, 1});
    CHECK(std::isnan(curve.values[1]));
    CHECK(curve.values[8] == 100.0 * 19 / 50000);
}

TEST_CASE("a mean sums in ascending order of seed") {
    const auto image = sample::open(sample::make());
    double sum = 0;
    for (const int seed : {777, 888, 999})
        sum += image.value(0, "alpha", "x-valid", "accuracy", 3, 1, seed);
    CHECK(image.value(0, "alpha", "x-valid", "accuracy", 3, 1, mean_seed) == sum / 3);
    CHECK(image.value(1, "alpha", "x-valid", "accuracy", 3, 1, mean_seed) ==
          image.value(1, "alpha", "x-valid", "accuracy", 3, 1, 888));
}

TEST_CASE("every form of a question gives the same answer") {
    const auto image = sample::open(sample::make());
    for (const auto& info : image.about().columns) {
        if (info.split == nb201store::k_none) continue;
        const auto& group = image.about().groups[info.group];
        const auto dataset = image.about().datasets[group.dataset].name;
        const auto split = image.about().splits[info.split].name;
        const auto metric = nb201store::metric_name(info.metric);
        std::vector<nb201store::seed_choice> seeds{mean_seed};
        for (const std::uint32_t seed : group.seeds) seeds.emplace_back(seed);
        for (const auto seed : seeds)
            for (const std::uint32_t epoch : image.epochs(dataset, split, metric, group.schedule)) {
                const auto column =
                    image.column(dataset, split, metric, group.schedule, epoch, seed);
                std::vector<double> all(4), taken(4);
                std::vector<std::uint8_t> present(4), taken_present(4);
                column.array(all.data(), present.data());
                const std::int16_t codes[] = {3, 2, 1, 0};
                column.take({codes, 4}, taken.data(), taken_present.data());
                for (std::uint32_t code = 0; code < 4; ++code) {
                    const auto found = column.find(code);
                    CHECK(static_cast<bool>(found) == (present[code] == 1));
                    CHECK(taken_present[3 - code] == present[code]);
                    if (!found) {
                        CHECK(std::isnan(all[code]));
                        CHECK(std::isnan(taken[3 - code]));
                        CHECK(sample::caught([&] { column.at(code); }).code() == errc::missing);
                        continue;
                    }
                    CHECK(column[code] == all[code]);
                    CHECK(column.at(code) == all[code]);
                    CHECK(taken[3 - code] == all[code]);
                    CHECK(image.value(code, dataset, split, metric, group.schedule, epoch, seed) ==
                          all[code]);
                }
            }
    }
}

TEST_CASE("handles outlive the image they came from") {
    auto image = std::make_unique<nb201store::image>(sample::open(sample::make()));
    const auto column = image->trial_column("alpha", "flops_m", 3, 777);
    const auto other = *image;
    image.reset();
    CHECK(column[0] == 10);
    CHECK(other.seeds(0, "alpha", 3) == std::vector<std::uint32_t>{777, 888, 999});
    CHECK(other.seeds(2, "alpha", 3).empty());
}
