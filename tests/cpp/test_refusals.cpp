// A sound image with one wrong field: each rule of docs/format.md refuses it, naming section and
// byte.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "sample_image.hpp"

using builder::byte_vector;
using builder::image_builder;
using nb201store::errc;
using sample::k_none;

namespace {

/// `change` spoils the bytes of a built image; the error must speak of byte `at`.
void refused_bytes(const std::function<void(byte_vector&)>& change, errc code,
                   const std::string& section, std::uint64_t at) {
    byte_vector bytes = sample::make().build();
    change(bytes);
    const auto problem = sample::caught([&] { sample::open(bytes); });
    CHECK_MESSAGE(problem.code() == code, problem.what());
    CHECK_MESSAGE(problem.section() == section, problem.what());
    CHECK_MESSAGE(problem.offset() == at, problem.what());
    CHECK(problem.path() == "sample.nb201");
    CHECK(std::string(problem.what()).find('\n') == std::string::npos);
}

/// As above for a field of header or table; the checksums are made right again.
void refused_field(std::size_t at, std::uint64_t value, std::size_t width,
                   const std::string& section, std::uint64_t reported) {
    refused_bytes(
        [&](byte_vector& bytes) {
            builder::set(bytes, at, value, width);
            image_builder::sign(bytes);
        },
        errc::format, section, reported);
}

/// A field of a description section (or of the data) is set; the error must speak of byte `at` of
/// section `blamed`.
void refused(const std::string& section, std::size_t at, std::uint32_t value,
             const std::string& blamed, std::uint64_t reported) {
    image_builder image = sample::make();
    image.patch(section, at, value);
    const auto problem = sample::caught([&] { sample::open(image); });
    CHECK_MESSAGE(problem.code() == errc::format, problem.what());
    CHECK_MESSAGE(problem.section() == blamed, problem.what());
    CHECK_MESSAGE(problem.offset() == image.offset(blamed) + reported, problem.what());
}

void refused(const std::string& section, std::size_t at, std::uint32_t value) {
    refused(section, at, value, section, at);
}

std::size_t entry(const std::string& section) { return 64 + 128 * sample::make().number(section); }

std::uint32_t number(const std::string& section) { return sample::make().number(section); }

/// Byte of column `i`, field `at`.
std::size_t column(std::size_t i, std::size_t at) { return 64 * i + at; }

void refused_image(image_builder& image, const std::string& section, const char* words) {
    const auto problem = sample::caught([&] { sample::open(image); });
    CHECK_MESSAGE(problem.code() == errc::format, problem.what());
    CHECK_MESSAGE(problem.section() == section, problem.what());
    CHECK_MESSAGE(std::string(problem.what()).find(words) != std::string::npos, problem.what());
}

}  // namespace

TEST_CASE("the sample itself is sound") { sample::open(sample::make()).check(); }

TEST_CASE("header fields") {
    refused_field(0, 0x88, 1, "header", 0);
    refused_field(8, 0, 2, "header", 8);
    refused_field(10, 0, 2, "header", 10);
    refused_field(12, 0, 4, "header", 12);
    refused_field(12, 4097, 4, "header", 12);
    refused_field(16, 1, 8, "header", 16);
    refused_field(24, 128, 8, "header", 24);
    refused_field(36, 1, 1, "header", 36);
    refused_field(59, 1, 1, "header", 36);
    refused_field(12, 4000, 4, "section table", 64);
    const auto flip = [](std::size_t at) { return [at](byte_vector& bytes) { bytes[at] ^= 4; }; };
    refused_bytes(flip(20), errc::checksum, "header", 60);
    refused_bytes(flip(64), errc::checksum, "section table", 64);
    refused_bytes([](byte_vector& bytes) { bytes.push_back(0); }, errc::format, "header", 16);
}

TEST_CASE("a newer file is refused by its reader version and by nothing else") {
    image_builder image = sample::make();
    image.writer_version = 9;
    CHECK(sample::open(image).header().writer_version == 9);
    image.reader_version = 2;
    const auto problem = sample::caught([&] { sample::open(image); });
    CHECK(problem.code() == errc::version);
    CHECK(problem.offset() == 8);
    CHECK(std::string(problem.what()) ==
          "sample.nb201: header at byte 8: expected reader version at most 1, found a file that "
          "needs reader version "
          "2 (install a newer nb201store)");
}

TEST_CASE("section table fields") {
    const std::size_t about = entry("about");
    const std::size_t rows = entry("3/alpha/rows");
    refused_field(about, '$', 1, "section table", about);
    refused_field(about, 0, 1, "section table", about);
    refused_field(about + 63, 'x', 1, "section table", about);
    refused_field(about + 64, 0, 1, "section table", about + 64);
    refused_field(about + 64, 8, 1, "section table", about + 64);
    refused_field(about + 65, 0, 1, "section table", about + 65);
    refused_field(about + 65, 4, 1, "section table", about + 65);
    refused_field(about + 65, 2, 1, "section table", about + 65);  // a text of rank 2
    refused_field(about + 66, 2, 2, "section table", about + 66);
    refused_field(about + 112, 1, 1, "section table", about + 112);
    refused_field(about + 127, 1, 1, "section table", about + 112);
    refused_field(rows + 72, 0, 8, "section table", rows + 72);
    refused_field(rows + 72, 1ULL << 63, 8, "section table", rows + 72);
    refused_field(rows + 80, 44, 8, "section table", rows + 80);
    refused_field(rows + 88, 1ULL << 62, 8, "section table", rows + 80);
    refused_field(rows + 88, 5, 8, "section table", rows + 80);
    refused_field(rows + 104, 0, 8, "section table", rows + 104);
    refused_field(rows + 65, 1, 1, "section table", rows + 96);
    image_builder image = sample::make();
    image["12/alpha/form"].name = "about";
    refused_image(image, "section table", "'about' again");
}

TEST_CASE("a section that would leave the file") {
    image_builder image = sample::make();
    byte_vector bytes = image.build();
    const std::size_t last = 64 + 128 * (image.parts.size() - 1);
    builder::set(bytes, last + 88, 100, 8);
    builder::set(bytes, last + 80, 6400, 8);
    image_builder::sign(bytes);
    const auto problem = sample::caught([&] { sample::open(bytes); });
    CHECK(problem.offset() == last + 80);
    builder::set(bytes, last + 88, 2, 8);
    builder::set(bytes, last + 80, 128, 8);
    image_builder::sign(bytes);
    CHECK(std::string(sample::caught([&] { sample::open(bytes); }).what())
              .find("the last section to end the file") != std::string::npos);
}

TEST_CASE("space and choices") {
    refused("space", 0, 'x');
    refused("space", 12, 'x', "space", 0);
    refused("space", 16, 5);
    refused("space", 20, 0);
    refused("space", 20, 3, "space", 16);
    refused("space", 20, 0xFFFFFFFF, "space", 16);
    refused("space", 24, 1);
    refused("space", 24, 3, "space", 16);
    refused("space", 44, 1);
    refused("space", 60, 1, "space", 44);
    refused("choices", 32, 0);
    refused("choices", 28, 1, "choices", 0);
    image_builder image = sample::make();
    image.add_record("choices", builder::record("third", 32, {}, 32));
    refused_image(image, "choices", "a record for each choice");
}

TEST_CASE("datasets and splits") {
    refused("datasets", 64, 0);
    refused("datasets", 48, 1);
    refused("splits", 0, ' ');
    refused("splits", 40, 2);
    refused("splits", 40, 1, "splits", 64 + 40);    // the next belongs to data set 0
    refused("splits", 128 + 40, 0, "splits", 128);  // alpha has a train already
    refused("splits", 44, 0);
    refused("splits", 44, 0x1000000);
    refused("splits", 64 + 48, 256);
    refused("splits", 52, 1);
    image_builder image = sample::make();
    image.patch("datasets", 64, 'a' | 'l' << 8 | 'p' << 16 | 'h' << 24).patch("datasets", 68, 'a');
    refused_image(image, "datasets", "'alpha' again");
}

TEST_CASE("trials, seeds and epochs") {
    refused("trials", 0, 0);
    refused("trials", 0, 65536);
    refused("trials", 0, 13, "trials", 64);
    refused("trials", 4, 2);
    refused("trials", 64 + 4, 0);
    refused("trials", 8, 0);
    refused("trials", 8, 256);
    refused("trials", 12, 2);
    refused("trials", 12, 0xFFFFFFFF);
    refused("trials", 16, 13);
    refused("trials", 20, 4096);
    refused("trials", 20, 0xFFFFFFFF);  // no table, though trials are missing
    refused("trials", 20, number("about"));
    refused("trials", 20, number("3/beta/rows"));
    refused("trials", 24, 1);
    refused("seeds", 4, 777, "seeds", 4);
    refused("epochs", 4, 0, "columns", column(0, 16));
    refused("epochs", 8, 3, "epochs", 8);  // below the schedule
    image_builder image = sample::make();
    image["epochs"].dtype = builder::f4;
    refused_image(image, "epochs", "u32 [n]");
}

TEST_CASE("columns") {
    refused("columns", column(0, 0), 4);
    refused("columns", column(1, 0), 1, "columns", column(1, 4));
    refused("columns", column(0, 4), 3);
    refused("columns", column(0, 4), 2);
    refused("columns", column(0, 4), k_none);
    refused("columns", column(7, 4), 0);
    refused("columns", column(0, 8), 0);
    refused("columns", column(0, 8), 8);
    refused("columns", column(1, 8), 1, "columns", column(1, 0));  // twice the same
    refused("columns", column(2, 8), 1, "columns", column(2, 0));  // out of order
    refused("columns", column(0, 12), 0);
    refused("columns", column(0, 12), 8);
    refused("columns", column(0, 12), 3);  // accuracy as values
    refused("columns", column(2, 12), 1);  // loss as hits
    refused("columns", column(7, 12), 7);  // params_m as a list
    refused("columns", column(0, 12), 2, "columns", column(0, 24));
    refused("columns", column(0, 16), 13);
    refused("columns", column(0, 16), 1);  // 1, 2, 0 do not ascend
    refused("columns", column(7, 16), 1);
    refused("columns", column(0, 20), 0);
    refused("columns", column(0, 20), 65536);
    refused("columns", column(0, 20), 2, "columns", column(0, 24));
    refused("columns", column(7, 20), 1);
    refused("columns", column(0, 24), 4096);
    refused("columns", column(0, 24), number("3/alpha/train/loss"));
    refused("columns", column(2, 24), number("3/alpha/train/top5"));
    refused("columns", column(3, 24), number("3/alpha/flops_m"));
    refused("columns", column(6, 24), number("3/alpha/train/time"));
    refused("columns", column(8, 24), number("3/alpha/params_m"));
    refused("columns", column(9, 24), number("3/alpha/rows"));
    refused("columns", column(10, 24), number("3/alpha/train/top5"));
    refused("columns", column(0, 28), number("3/alpha/x-valid/accuracy.last"));
    refused("columns", column(4, 28), k_none);
    refused("columns", column(4, 28), number("3/beta/train/top5.last"));
    refused("columns", column(6, 28), number("3/alpha/x-valid/time"));
    refused("columns", column(9, 28), k_none);
    refused("columns", column(5, 32), number("12/alpha/train/accuracy.present"));
    refused("columns", column(5, 32), 4096);
    refused("columns", column(0, 36), 1);
    refused("columns", column(0, 60), 1, "columns", column(0, 36));
}

TEST_CASE("roles of sections") {
    for (const char* name :
         {"space", "choices", "datasets", "splits", "trials", "seeds", "epochs", "columns"}) {
        image_builder without = sample::make();
        without[name].name = "other";
        refused_image(without, "section table", name);
        image_builder optional = sample::make();
        optional[name].required = false;
        refused_image(optional, name, "the required flag");
        byte_vector bytes = sample::make().build();
        bytes[sample::make().offset(name)] ^= 1;
        const auto flipped = sample::caught([&] { sample::open(bytes); });
        CHECK(flipped.code() == errc::checksum);
        CHECK(flipped.section() == name);
    }
    image_builder unknown = sample::make();
    unknown.add(builder::ints("novelty", builder::u8, {1}, {1}));
    refused_image(unknown, "novelty", "a required section this reader knows");
    unknown["novelty"].required = false;
    CHECK(sample::open(unknown).find_section("novelty") != nullptr);
    image_builder form = sample::make();
    form["12/alpha/form"].shape = {1};
    form["12/alpha/form"].bytes.resize(2);
    refused_image(form, "12/alpha/form", "u16 [2]");
    image_builder about = sample::make();
    about["about"].dtype = builder::u8;
    refused_image(about, "about", "text [2]");
    image_builder data = sample::make();  // a description section taken for data
    data["seeds"].shape = {6};
    data["seeds"].bytes.resize(24);
    data.patch("columns", column(9, 24), data.number("seeds"));
    refused_image(data, "seeds", "a description section");
    image_builder optional_data = sample::make();
    optional_data["3/alpha/train/loss"].required = false;
    refused_image(optional_data, "columns", "the required flag");
    image_builder shape = sample::make();
    shape["splits"].shape = {6, 32};
    refused_image(shape, "splits", "u8 records of 64 bytes");
}
