// Costs against published numbers, and all cells against one by one.
#include <doctest/doctest.h>

#include <nb201store/cost.hpp>
#include <string>

#include "counted_image.hpp"
#include "sample_image.hpp"

using namespace nb201store;

namespace {

constexpr network_shape k_cifar10 = {10, 32, 16, 5, 3};
constexpr network_shape k_cifar100 = {100, 32, 16, 5, 3};
constexpr network_shape k_imagenet16 = {120, 16, 16, 5, 3};

constexpr network_shape of_sss(network_shape shape) {
    shape.channels = 0;  // as an image of the size space says
    shape.cells_per_stage = k_sss_cells_per_stage;
    return shape;
}

void tss_costs_are(std::int64_t index, const network_shape& shape, double params_m,
                   double flops_m) {
    const network_cost cost = tss_cost(tss_official_index_to_code(index), shape);
    CHECK(cost.params_m() == params_m);
    CHECK(cost.flops_m() == flops_m);
}

void sss_costs_are(const char* widths, const network_shape& shape, double params_m,
                   double flops_m) {
    const network_cost cost = sss_cost(sss_arch_str_to_code(widths), of_sss(shape));
    CHECK(cost.params_m() == params_m);
    CHECK(cost.flops_m() == flops_m);
}

std::string refusal(const network_shape& shape) {
    const error problem = sample::caught([&] { tss_cost(0, shape); });
    CHECK(problem.code() == errc::settings);
    CHECK(sample::caught([&] { tss_costs(shape); }).what() == std::string(problem.what()));
    return problem.what();
}

}  // namespace

// Recorded in the published files (NATS-tss-v1_0-3ffb9 and NATS-sss-v1_0-50262) by official index;
// the all-3x3 cell and ResNet by the closed form of NAS-Bench-201 (ICLR 2020).
TEST_CASE("recorded costs of the topology space, bit for bit") {
    tss_costs_are(0, k_cifar10, 0.129306, 15.64737);
    tss_costs_are(0, k_cifar100, 0.135156, 15.65322);
    tss_costs_are(0, k_imagenet16, 0.136456, 3.91948);
    tss_costs_are(11, k_cifar10, 0.802426, 113.95137);
    tss_costs_are(11, k_imagenet16, 0.809576, 28.49548);
    tss_costs_are(284, k_cifar100, 0.107156, 11.72106);
    tss_costs_are(11472, k_cifar10, 0.559386, 78.56193);
    tss_costs_are(1462, k_cifar10, 1.531546, 220.11969);
    tss_costs_are(4317, k_imagenet16, 0.248456, 7.85164);
    tss_costs_are(1651, k_cifar100, 0.079156, 7.7889);
}

TEST_CASE("recorded costs of the size space, bit for bit") {
    sss_costs_are("8:8:8:8:8", k_cifar10, 0.011714, 4.481114);
    sss_costs_are("8:8:8:8:8", k_imagenet16, 0.012704, 1.121336);
    sss_costs_are("8:8:8:16:32", k_cifar100, 0.052172, 6.84362);
    sss_costs_are("8:8:40:32:40", k_cifar10, 0.144834, 21.827994);
    sss_costs_are("8:8:40:32:40", k_imagenet16, 0.149344, 5.461816);
    sss_costs_are("64:64:64:64:64", k_cifar10, 0.713674, 274.399882);
}

TEST_CASE("all cells are one by one") {
    for (const network_shape& shape : {k_cifar10, k_imagenet16, network_shape{7, 9, 5, 2, 1}}) {
        const std::vector<network_cost> tss = tss_costs(shape);
        const std::vector<network_cost> sss = sss_costs(of_sss(shape));
        REQUIRE(tss.size() == 15625);
        REQUIRE(sss.size() == 32768);
        std::size_t differ = 0;
        for (std::size_t code = 0; code < tss.size(); ++code) {
            const network_cost one = tss_cost(static_cast<std::int64_t>(code), shape);
            differ += one.parameters != tss[code].parameters ||
                      one.multiply_adds != tss[code].multiply_adds;
        }
        for (std::size_t code = 0; code < sss.size(); ++code) {
            const network_cost one = sss_cost(static_cast<std::int64_t>(code), of_sss(shape));
            differ += one.parameters != sss[code].parameters ||
                      one.multiply_adds != sss[code].multiply_adds;
        }
        CHECK(differ == 0);
    }
}

TEST_CASE("shapes out of range and networks too large are refused") {
    CHECK(refusal({0, 32, 16, 5, 3}) == "classes: expected an integer of at least 1, found 0");
    CHECK(refusal({10, 0, 16, 5, 3}) == "image_size: expected an integer of at least 1, found 0");
    CHECK(refusal({10, 32, 0, 5, 3}) == "channels: expected an integer of at least 1, found 0");
    CHECK(refusal({10, 32, 16, 0, 3}) == "cells: expected an integer of at least 1, found 0");
    CHECK(refusal({10, 32, 16, 5, 0}) == "in_channels: expected an integer of at least 1, found 0");
    CHECK(refusal({10, 32, 16, 5, 1ull << 32}) ==
          "in_channels: expected at most 4294967295, found 4294967296");
    constexpr std::uint64_t k_most = 0xFFFFFFFF;
    CHECK(
        refusal({10, k_most, k_most, k_most, 3}).rfind("cost: expected a network of at most", 0) ==
        0);
    // Its largest cell alone is too large: one cell is counted, all are refused.
    const network_shape nearly = {10, 32, 1u << 22, 2000, 3};
    CHECK(tss_cost(0, nearly).parameters > 0);
    CHECK(sample::caught([&] { tss_costs(nearly); }).code() == errc::settings);
    CHECK(sample::caught([] { tss_cost(15625, k_cifar10); }).code() == errc::arch);
    CHECK(sample::caught([] { sss_cost(-1, k_cifar10); }).code() == errc::arch);
}

TEST_CASE("an image counts the networks that it describes") {
    const auto refused = [](const builder::image_builder& image) {
        const auto opened = sample::open(image);
        return std::string(sample::caught([&] { opened.cost(0, "alpha"); }).what());
    };
    CHECK(refused(sample::make()) ==
          "cost: expected the official tss of 15625 cells, found a space of this file's own, of 4 "
          "cells: its networks cannot be counted");
    const auto image = sample::open(sample::counted());
    CHECK(image.cost(2, "one").params_m() == tss_cost(2, k_cifar10).params_m());
    CHECK(image.cost(2, "two").flops_m() == tss_cost(2, k_imagenet16).flops_m());
    CHECK(image.costs("two")[15624].multiply_adds == tss_cost(15624, k_imagenet16).multiply_adds);
    CHECK(sample::caught([&] { image.cost(15625, "one"); }).code() == errc::arch);
    CHECK(std::string(sample::caught([&] { image.cost(0, "three"); }).what()) ==
          "no dataset 'three': this file has one, two");
    builder::image_builder odd = sample::counted();
    odd.patch("choices", 32 * 4, 'A', 1);  // avg_pool_3x3 of another name
    CHECK(std::string(sample::caught([&] { sample::open(odd).cost(0, "one"); }).what())
              .find("of this file's own") != std::string::npos);
}
