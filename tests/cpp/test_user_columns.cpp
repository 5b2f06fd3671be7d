// User columns: their values and gaps, and every rule of docs/format.md that opening and the full
// check hold them to.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "sample_image.hpp"

using builder::image_builder;
using nb201store::errc;
using nb201store::status;
using sample::k_none;

namespace {

/// Opening must refuse the image and speak of byte `at` of section user_columns.
void refused(const image_builder& image, std::uint64_t at, const char* words = "") {
    const auto problem = sample::caught([&] { sample::open(image); });
    CHECK_MESSAGE(problem.code() == errc::format, problem.what());
    CHECK_MESSAGE(problem.section() == "user_columns", problem.what());
    CHECK_MESSAGE(problem.offset() == image.offset("user_columns") + at, problem.what());
    CHECK_MESSAGE(std::string(problem.what()).find(words) != std::string::npos, problem.what());
}

/// `name` as the name of the first column.
image_builder named(const std::string& name) {
    image_builder image = sample::make();
    auto& bytes = image["user_columns"].bytes;
    for (std::size_t i = 0; i < 64; ++i)
        bytes[i] = static_cast<std::uint8_t>(i < name.size() ? name[i] : '\0');
    return image;
}

/// The full check must refuse the image at byte `at` of `section`.
void check_refuses(const image_builder& image, const std::string& section, std::uint64_t at) {
    const auto opened = sample::open(image);
    const auto problem = sample::caught([&] { opened.check(); });
    CHECK_MESSAGE(problem.code() == errc::format, problem.what());
    CHECK_MESSAGE(problem.section() == section, problem.what());
    CHECK_MESSAGE(problem.offset() == image.offset(section) + at, problem.what());
}

}  // namespace

TEST_CASE("user columns: what there is, and their values") {
    const auto image = sample::open(sample::make());
    const auto& columns = image.about().user_columns;
    REQUIRE(columns.size() == 2);
    CHECK(columns[0].name == "edge.latency");
    CHECK(columns[0].unit == "ms");
    CHECK(columns[0].present == k_none);
    CHECK(columns[1].name == "score-2");
    CHECK(columns[1].unit.empty());
    const auto latency = image.user_column("edge.latency");
    CHECK(latency.size() == 4);
    CHECK(latency.at(0) == 4.5);
    CHECK(latency[1] == -1.0);
    CHECK(latency[2] == 0.0);
    CHECK(latency.at(3) == 2.5);
    const auto problem = sample::caught([&] { latency.at(4); });
    CHECK(problem.code() == errc::arch);
}

TEST_CASE("user columns: gaps") {
    const auto column = sample::open(sample::make()).user_column("score-2");
    CHECK(column.at(1) == 7.0);
    CHECK(column.find(0).status == status::missing);
    CHECK(std::isnan(column[3]));
    double out[5];
    std::uint8_t present[5];
    const int codes[] = {2, 3, 1, 2, 0};
    column.take({codes, 5}, out, present);
    CHECK((present[0] == 1 && present[1] == 0 && present[2] == 1 && present[3] == 1));
    CHECK(present[4] == 0);
    CHECK((out[0] == 8.0 && out[2] == 7.0 && out[3] == 8.0));
    CHECK((std::isnan(out[1]) && std::isnan(out[4])));
    column.array(out, present);
    CHECK((present[0] == 0 && present[1] == 1 && present[2] == 1 && present[3] == 0));
    const auto problem = sample::caught([&] { column.at(3); });
    CHECK(problem.code() == errc::missing);
    CHECK(std::string(problem.what()) == "user column 'score-2': no value of code 3");
}

TEST_CASE("user columns: a name that is none") {
    const auto image = sample::open(sample::make());
    const auto message = [](const nb201store::image& asked, const char* name) {
        const auto problem = sample::caught([&] { asked.user_column(name); });
        CHECK(problem.code() == errc::settings);
        return std::string(problem.what());
    };
    CHECK(message(image, "score") == "no user column 'score': this file has edge.latency, score-2");
    CHECK(message(image, "accuracy") ==
          "no user column 'accuracy': this file has edge.latency, score-2; a metric is asked for "
          "by dataset, split, metric, schedule and seed");
    CHECK(message(image, "flops_m") ==
          "no user column 'flops_m': this file has edge.latency, score-2; a metric is asked for "
          "by dataset, metric, schedule and seed");
    CHECK(message(image, "alpha") ==
          "no user column 'alpha': this file has edge.latency, score-2; of a data set, name split, "
          "metric, schedule and seed too");
    image_builder without = sample::make();
    without["user_columns"].name = "other";
    CHECK(sample::open(without).about().user_columns.empty());
    CHECK(message(sample::open(without), "score") == "no user column 'score': this file has none");
}

TEST_CASE("user columns: fields of a record") {
    for (const char* name : {"", "2nd", "-a", ".a", "a b", "a/b", "a=b", "a\x7F", "a\xC3\xA9"})
        refused(named(name), 0, "letters");
    refused(named(std::string(64, 'a')), 0, "letters");
    for (const char* name : {"accuracy", "top5", "loss", "time", "params_m", "flops_m", "latency_s",
                             "code", "arch_str", "official_index"})
        refused(named(name), 0, "no metric");
    refused(named("score-2"), 128, "used once");
    for (const std::string& name : {std::string("a"), std::string("_"), std::string(63, 'z'),
                                    std::string("Time"), std::string("a.b-c_9")})
        CHECK(sample::open(named(name)).user_column(name).at(0) == 4.5);
    image_builder image = sample::make();
    refused(image.patch("user_columns", 63, 'x', 1), 0);
    image = sample::make();
    refused(image.patch("user_columns", 64, 0x1F, 1), 64);
    image = sample::make();
    refused(image.patch("user_columns", 64, 0xC3, 1), 64);
    image = sample::make();
    refused(image.patch("user_columns", 95, 'x', 1), 64);  // bytes after the zero
    image = sample::make();
    refused(image.patch("user_columns", 128 + 70, 'x', 1), 128 + 64);
    for (const std::size_t at : {104u, 127u}) {
        image = sample::make();
        refused(image.patch("user_columns", at, 1, 1), 104);
    }
}

TEST_CASE("user columns: the sections they refer to") {
    const image_builder sound = sample::make();
    const auto number = [&](const char* name) { return sound.number(name); };
    const auto count = static_cast<std::uint32_t>(sound.parts.size());
    // Past the table, none, required, of another dtype, of another shape.
    for (const std::uint32_t data : {count, k_none, number("3/alpha/train/time"),
                                     number("user_about"), number("user/1.present")}) {
        image_builder image = sample::make();
        refused(image.patch("user_columns", 96, data), 96);
    }
    for (const std::uint32_t present : {count, number("user/0"), number("3/alpha/rows"),
                                        number("user_columns"), number("user_about")}) {
        image_builder image = sample::make();
        refused(image.patch("user_columns", 100, present), 100);
    }
    image_builder image = sample::make();
    refused(image.patch("user_columns", 128 + 96, number("user/0")), 128 + 96, "no other column");
    image = sample::make();
    refused(image.patch("user_columns", 100, number("user/1.present")), 128 + 100,
            "no other column");
    image = sample::make();
    image["user/0"] = builder::floats("user/0", builder::f8, {5}, {1, 2, 3, 4, 5});
    image["user/0"].required = false;
    refused(image, 96, "f8 [4]");
    image = sample::make();
    image["user/0"].shape = {2, 2};
    refused(image, 96, "f8 [4]");
    image = sample::make();
    image["user/1.present"] = builder::ints("user/1.present", builder::u8, {2}, {6, 0});
    image["user/1.present"].required = false;
    refused(image, 128 + 100, "u8 [1]");
}

TEST_CASE("user columns: the section itself") {
    image_builder image = sample::make();
    image["user_columns"].required = true;
    refused(image, 0, "optional");
    image = sample::make();
    image["user_columns"].shape = {4, 64};
    refused(image, 0, "records of 128 bytes");
    image = sample::make();
    image["user_columns"] = {"user_columns", builder::u8, {0, 128}, {}, false};
    CHECK(sample::open(image).about().user_columns.empty());
    image = sample::make();
    image["user_about"].dtype = builder::u8;
    const auto shape = sample::caught([&] { sample::open(image); });
    CHECK(shape.section() == "user_about");
    CHECK(shape.code() == errc::format);
    auto bytes = sample::make().build();
    bytes[sample::make().offset("user_columns") + 64] ^= 1;  // its unit
    const auto flipped = sample::caught([&] { sample::open(bytes); });
    CHECK(flipped.code() == errc::checksum);
    CHECK(flipped.section() == "user_columns");
}

TEST_CASE("user columns: what a full check finds") {
    image_builder image = sample::make();
    check_refuses(image.patch("user/1", 0, 1, 1), "user/1", 0);
    image = sample::make();
    check_refuses(image.patch("user/1", 31, 0x80, 1), "user/1", 24);  // -0 is not zero bytes
    image = sample::make();
    check_refuses(image.patch("user/1.present", 0, 0x16, 1), "user/1.present", 0);
    for (const double value :
         {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        image = sample::make();
        image.patch("user/0", 16, builder::bits_of<double, std::uint64_t>(value), 8);
        check_refuses(image, "user/0", 16);
        const auto column = sample::open(image).user_column("edge.latency");
        CHECK(column.find(2).status == status::damaged);
        const auto problem = sample::caught([&] { column.at(2); });
        CHECK(problem.code() == errc::format);
        CHECK(problem.section() == "user/0");
        double out[4];
        std::uint8_t present[4];
        CHECK(sample::caught([&] { column.array(out, present); }).code() == errc::format);
    }
}
