// Conditions, the cells that meet them, and the best cells: against plain loops and a full sort.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "counted_image.hpp"
#include "sample_image.hpp"

using namespace nb201store;

namespace {

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double k_inf = std::numeric_limits<double>::infinity();

using numbers = std::vector<std::optional<double>>;

/// Random numbers with holes, ties, NaN and infinities.
numbers random_numbers(std::mt19937& random) {
    numbers out(15625);
    const auto below = [&](std::uint32_t limit) {
        return static_cast<std::uint32_t>(random()) % limit;
    };
    const std::uint32_t distinct = 1 + below(2000);
    const std::uint32_t holes = 1 + below(9);
    for (auto& value : out) {
        if (below(10) < holes) continue;
        switch (below(20)) {
            case 0:
                value = k_nan;
                break;
            case 1:
                value = below(2) == 0 ? k_inf : -k_inf;
                break;
            default:
                value = 0.25 * below(distinct) - 100.0;
        }
    }
    return out;
}

std::vector<ranked> sorted_top(std::size_t n, const numbers& values, order best,
                               const std::vector<std::uint8_t>& mask) {
    std::vector<ranked> all;
    for (std::uint32_t code = 0; code < values.size(); ++code)
        if (values[code] && *values[code] == *values[code] && mask[code] != 0)
            all.push_back({code, *values[code]});
    std::stable_sort(all.begin(), all.end(), [&](const ranked& a, const ranked& b) {
        return best == order::highest ? a.value > b.value : a.value < b.value;
    });
    all.resize(std::min(n, all.size()));
    return all;
}

bool same(const std::vector<ranked>& a, const std::vector<ranked>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](auto x, auto y) { return x.code == y.code && x.value == y.value; });
}

std::string refusal(const std::string& text) {
    const error problem = sample::caught([&] { parse_condition(text); });
    CHECK(problem.code() == errc::settings);
    return problem.what();
}

}  // namespace

TEST_CASE("top is a full stable sort, cut") {
    std::mt19937 random(20260301);
    for (int round = 0; round < 12; ++round) {
        const numbers values = random_numbers(random);
        const auto image = sample::open(sample::counted(values));
        const column by = image.column("one", "train", "loss", 1, 0, 777);
        std::vector<std::uint8_t> mask(values.size(), 1);
        if (round % 3 != 0)
            for (auto& flag : mask) flag = random() % 4 != 0;
        const std::uint8_t* flags = round % 3 == 0 ? nullptr : mask.data();
        for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{10},
                                    std::size_t{5000}, std::size_t{15625}, ~std::size_t{0}})
            for (const order best : {order::highest, order::lowest})
                CHECK(same(top(n, by, best, flags), sorted_top(n, values, best, mask)));
    }
}

TEST_CASE("NaN, holes and masked cells take no part; of ties the smallest code is first") {
    const auto image = sample::open(sample::counted({k_nan, 2.0, {}, 3.0, -k_inf, 2.0, 3.0}));
    const column by = image.column("one", "train", "loss", 1, 0, 777);
    const auto codes = [&](order best, const std::uint8_t* mask) {
        std::vector<std::uint32_t> out;
        for (const ranked& cell : top(9, by, best, mask)) out.push_back(cell.code);
        return out;
    };
    CHECK(codes(order::highest, nullptr) == std::vector<std::uint32_t>{3, 6, 1, 5, 4});
    CHECK(codes(order::lowest, nullptr) == std::vector<std::uint32_t>{4, 1, 5, 3, 6});
    std::vector<std::uint8_t> mask(15625, 1);
    mask[3] = mask[1] = 0;
    CHECK(codes(order::highest, mask.data()) == std::vector<std::uint32_t>{6, 5, 4});
    CHECK(by.metric() == metric::loss);
    CHECK(by.dataset() == "one");
}

TEST_CASE("the usual order of a metric") {
    CHECK(usual_order(metric::accuracy) == order::highest);
    CHECK(usual_order(metric::top5) == order::highest);
    CHECK(usual_order(metric::loss) == order::lowest);
    CHECK(usual_order(metric::time) == order::lowest);
    for (const metric which : {metric::params_m, metric::flops_m, metric::latency_s})
        CHECK(!usual_order(which));
}

TEST_CASE("a damaged value is refused, not ranked") {
    const auto damaged = sample::open(sample::make().patch("3/alpha/train/accuracy", 0, 50001, 2));
    const column by = damaged.column("alpha", "train", "accuracy", 3, 0, 777);
    CHECK(sample::caught([&] { top(1, by, order::highest); }).code() == errc::format);
}

TEST_CASE("conditions are read as they are written") {
    const auto is = [](const char* text, const char* name, comparison compare, double limit) {
        const condition read = parse_condition(text);
        CHECK(read.name == name);
        CHECK(read.compare == compare);
        CHECK(read.limit == limit);
    };
    is("params_m <= 0.5", "params_m", comparison::less_equal, 0.5);
    is("flops_m<30", "flops_m", comparison::less, 30.0);
    is(" edge-tpu.ms \t>=-1.5e-3 ", "edge-tpu.ms", comparison::greater_equal, -0.0015);
    is("a > +.5", "a", comparison::greater, 0.5);
    is("a == 2.", "a", comparison::equal, 2.0);
    is("a != 1E2", "a", comparison::not_equal, 100.0);
    is("a < 0.1", "a", comparison::less, 0.1);  // the nearest double
    is("a < 1.7976931348623157e308", "a", comparison::less, std::numeric_limits<double>::max());
    is("a > 1e-400", "a", comparison::greater, 0.0);
    is(("a < " + std::string(400, '0') + "1").c_str(), "a", comparison::less, 1.0);
}

TEST_CASE("what is no condition is refused, saying what is wrong") {
    const std::string form = "expected NAME < NUMBER (or <=, >, >=, ==, !=), found ";
    CHECK(refusal("") == "condition '': " + form + "no comparison in it");
    CHECK(refusal("params_m") == "condition 'params_m': " + form + "no comparison in it");
    CHECK(refusal(" <= 3") == "condition ' <= 3': " + form + "no name before the comparison");
    CHECK(refusal("a = 3") == "condition 'a = 3': expected == for equal, found a single =");
    CHECK(refusal("a ! 3") == "condition 'a ! 3': expected != for not equal, found a single !");
    CHECK(refusal("a\n<\xff") ==
          "condition 'a\\x0a<\\xff': expected a finite decimal number after the comparison, found "
          "'\\xff'");
    for (const char* number : {"", "nan", "inf", "-Infinity", "0x10", "1e", "e3", ".", "+", "1,5",
                               "1_000", "3 4", "=3", "< 3", "1.2.3", "--1", "1e5.0", "b"})
        CHECK(refusal(std::string("a < ") + number)
                  .find("expected a finite decimal number after the comparison, found ") !=
              std::string::npos);
    for (const std::string& number : {std::string("1e309"), "-" + std::string(400, '9')})
        CHECK(refusal("a < " + number).find("expected a number that a double can hold") !=
              std::string::npos);
    CHECK(refusal(std::string(100000, 'x')).size() < 250);
}

TEST_CASE("a condition is met as the comparison says; NaN meets none") {
    const auto met = [](const char* text, double value) {
        return parse_condition(text).met_by(value);
    };
    CHECK((met("a < 1", 0.5) && !met("a < 1", 1.0) && met("a <= 1", 1.0) && !met("a <= 1", 1.5)));
    CHECK((met("a > 1", 1.5) && !met("a > 1", 1.0) && met("a >= 1", 1.0) && !met("a >= 1", 0.5)));
    CHECK((met("a == 1", 1.0) && !met("a == 1", 2.0) && met("a != 1", 2.0) && !met("a != 1", 1.0)));
    for (const char* text : {"a < 1", "a <= 1", "a > 1", "a >= 1", "a == 1", "a != 1"})
        CHECK(!met(text, k_nan));
}

TEST_CASE("where: the cells whose networks meet all conditions") {
    const auto image = sample::open(sample::counted());
    std::vector<std::uint8_t> mask(image.cells(), 7);
    image.where(nullptr, 0, "", mask.data());
    CHECK(std::count(mask.begin(), mask.end(), 1) == 15625);

    const condition both[] = {parse_condition("params_m <= 0.5"), parse_condition("flops_m > 12")};
    image.where(both, 2, "one", mask.data());
    const std::vector<network_cost> costs = image.costs("one");
    std::size_t differ = 0;
    for (std::size_t code = 0; code < costs.size(); ++code)
        differ += mask[code] != (costs[code].params_m() <= 0.5 && costs[code].flops_m() > 12.0);
    CHECK(differ == 0);
    // ResNet's parameters are the limit of NAS-Bench-201's rule 1: 0.559386 million are met by ==.
    const condition exact = parse_condition("params_m == 0.559386");
    image.where(&exact, 1, "one", mask.data());
    CHECK(mask[static_cast<std::size_t>(tss_official_index_to_code(11472))] == 1);
}

TEST_CASE("where and top by user columns: gaps meet nothing and are not ranked") {
    const auto image = sample::open(sample::make());  // codes 0..3
    const auto where = [&](std::initializer_list<const char*> texts) {
        std::vector<condition> asked;
        for (const char* text : texts) asked.push_back(parse_condition(text));
        std::vector<std::uint8_t> mask(image.cells());
        image.where(asked.data(), asked.size(), "", mask.data());
        return mask;
    };
    using mask = std::vector<std::uint8_t>;
    CHECK(where({"edge.latency < 3"}) == mask{0, 1, 1, 1});  // 4.5, -1, 0, 2.5
    CHECK(where({"score-2 != 7"}) == mask{0, 0, 1, 0});      // gap, 7, 8, gap
    CHECK(where({"score-2 >= 7", "edge.latency >= 0"}) == mask{0, 0, 1, 0});
    const column by = image.user_column("score-2");
    CHECK(!by.metric());
    CHECK(by.dataset().empty());
    const std::vector<ranked> best = top(4, by, order::highest);
    REQUIRE(best.size() == 2);
    CHECK(best[0].code == 2);
    CHECK(best[1].value == 7.0);

    builder::image_builder broken = sample::make();
    broken.patch("user/0", 8 * 3, 0x7FF0000000000000, 8);  // infinite
    const auto damaged = sample::open(broken);
    const condition asked = parse_condition("edge.latency < 3");
    mask out(4);
    CHECK(sample::caught([&] { damaged.where(&asked, 1, "", out.data()); }).code() == errc::format);
    CHECK(std::string(sample::caught([&] {
                          const condition watts = parse_condition("watts < 3");
                          image.where(&watts, 1, "", out.data());
                      }).what()) ==
          "no column to compare 'watts': this file has params_m, flops_m, edge.latency, score-2");
}

TEST_CASE("where: names and data sets that the image does not have") {
    const auto image = sample::open(sample::counted());
    std::vector<std::uint8_t> mask(image.cells());
    const auto refused = [&](const char* text, const char* dataset) {
        const condition asked = parse_condition(text);
        const error problem = sample::caught([&] { image.where(&asked, 1, dataset, mask.data()); });
        CHECK(problem.code() == errc::settings);
        return std::string(problem.what());
    };
    CHECK(refused("watts < 3", "one") ==
          "no column to compare 'watts': this file has params_m, flops_m");
    CHECK(refused("accuracy > 90", "one").find("params_m, flops_m") != std::string::npos);
    CHECK(refused("params_m < 3", "") ==
          "condition on params_m: expected a dataset, whose networks are counted, found none: name "
          "one of one, two");
    CHECK(refused("params_m < 3", "six") == "no dataset 'six': this file has one, two");
}
