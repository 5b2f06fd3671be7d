// Questions without an answer: which error, and that it names what exists.
#include <doctest/doctest.h>

#include <string>

#include "sample_image.hpp"

using nb201store::errc;
using nb201store::mean_seed;

namespace {

struct asked {
    std::int64_t code = 0;
    const char* dataset = "alpha";
    const char* split = "train";
    const char* metric = "accuracy";
    std::int64_t schedule = 3;
    std::int64_t epoch = -1;
    nb201store::seed_choice seed = 777;
};

void refused(const asked& q, errc code, const std::string& message) {
    const auto image = sample::open(sample::make());
    const auto problem = sample::caught(
        [&] { image.value(q.code, q.dataset, q.split, q.metric, q.schedule, q.epoch, q.seed); });
    CHECK(problem.code() == code);
    CHECK(std::string(problem.what()) == message);
}

}  // namespace

TEST_CASE("words the file does not know") {
    refused({0, "gamma"}, errc::settings, "no dataset 'gamma': this file has alpha, beta");
    refused({0, "alpha", "test\n"}, errc::settings,
            "no split 'test\\x0A': this file has train, x-valid");
    refused({0, "alpha", "train", "f1"}, errc::settings,
            "no metric 'f1': this file has accuracy, top5, loss, time");
    refused({0, "alpha", "train", "flops_m"}, errc::settings,
            "metric 'flops_m' belongs to a trial, not to a split: ask for it without one");
    refused({0, "alpha", "train", "accuracy", 200}, errc::settings,
            "no schedule 200: this file has 3, 12, 20");
    refused({0, "alpha", "train", "accuracy", 3, 3}, errc::settings,
            "epoch must be -3..2 for schedule 3, found 3");
    refused({0, "alpha", "train", "accuracy", 3, -4}, errc::settings,
            "epoch must be -3..2 for schedule 3, found -4");
}

TEST_CASE("words it knows that were never recorded together") {
    refused({0, "beta", "x-valid"}, errc::missing, "beta has no split x-valid: it has train");
    refused({0, "beta", "train", "accuracy", 12}, errc::missing,
            "beta has no schedule 12: it has 3, 20");
    refused({0, "alpha", "x-valid", "top5"}, errc::missing,
            "alpha, schedule 3, x-valid has no top5: it has accuracy, loss, time");
    refused({0, "alpha", "x-valid", "loss", 3, 1}, errc::missing,
            "alpha, schedule 3, x-valid, loss: epoch 1 was not recorded; epochs recorded: 0, 2");
    refused(
        {1, "alpha", "train", "accuracy", 12, 9}, errc::missing,
        "alpha, schedule 12, train, accuracy: epoch 9 was not recorded; epochs recorded: 0-7, 11");
    refused({0, "alpha", "train", "accuracy", 3, -1, 5}, errc::missing,
            "code 0, alpha, schedule 3: seed 5 was not recorded, only 777, 888, 999");
    refused({1, "alpha", "train", "accuracy", 3, -1, 999}, errc::missing,
            "code 1, alpha, schedule 3: seed 999 was not recorded, only 888");
    refused({2}, errc::missing, "code 2, alpha, schedule 3: no trial was recorded");
    refused({2, "alpha", "train", "accuracy", 3, -1, mean_seed}, errc::missing,
            "code 2, alpha, schedule 3: no trial was recorded");
    refused({2, "alpha", "train", "accuracy", 3, -1, -1}, errc::missing,
            "code 2, alpha, schedule 3: no trial was recorded");
}

TEST_CASE("codes outside the space") {
    refused({4}, errc::arch, "code must be an integer 0..3, found 4");
    refused({-1}, errc::arch, "code must be an integer 0..3, found -1");
    const auto image = sample::open(sample::make());
    const auto column = image.column("alpha", "train", "accuracy", 3, 0, 888);
    CHECK(sample::caught([&] { column.at(-1); }).code() == errc::arch);
    const std::int64_t codes[] = {0, 3, -7};
    double out[3];
    std::uint8_t present[3];
    const auto problem = sample::caught([&] { column.take({codes, 3}, out, present); });
    CHECK(std::string(problem.what()) == "code must be an integer 0..3, found -7 at position 2");
}

TEST_CASE("handles and metrics of a trial") {
    const auto image = sample::open(sample::make());
    const auto says = [](const auto& ask) { return std::string(sample::caught(ask).what()); };
    CHECK(says([&] { image.column("beta", "train", "accuracy", 3, 0, 777); }) ==
          "beta, schedule 3, train, accuracy: seed 777 was not recorded, only 111");
    CHECK(says([&] { image.trial_column("beta", "flops_m", 3, 111); }) ==
          "beta, schedule 3 has no flops_m: its trials have nothing");
    CHECK(says([&] { image.trial_value(0, "alpha", "accuracy", 3, 777); }) ==
          "metric 'accuracy' belongs to a split: name the split");
    CHECK(says([&] { image.trial_value(0, "alpha", "watts", 3, 777); }) ==
          "no metric of a trial 'watts': this file has params_m, flops_m, latency_s");
    CHECK(says([&] { image.seeds(0, "beta", 12); }) == "beta has no schedule 12: it has 3, 20");
    CHECK(says([&] { image.seeds(0, "delta", 12); }) ==
          "no dataset 'delta': this file has alpha, beta");
    CHECK(says([&] { image.curve(1, "alpha", "train", "loss", 3, 777); }) ==
          "code 1, alpha, schedule 3: seed 777 was not recorded, only 888");
}

TEST_CASE("long lists are cut, runs of numbers are ranges") {
    using nb201store::detail::number_ranges;
    CHECK(number_ranges({}) == "nothing");
    CHECK(number_ranges({5}) == "5");
    CHECK(number_ranges({1, 2, 4, 5, 6}) == "1, 2, 4-6");
    std::vector<std::uint32_t> even;
    for (std::uint32_t i = 0; i < 40; i += 2) even.push_back(i);
    CHECK(number_ranges(even) == "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, ... (20 in all)");
}
