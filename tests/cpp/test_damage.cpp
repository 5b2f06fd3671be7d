// Damaged files: cut at every length, flipped at every byte, and data that pass their checksum but
// lie.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "ask_everything.hpp"
#include "sample_image.hpp"

using builder::byte_vector;
using builder::image_builder;
using nb201store::errc;
using nb201store::mean_seed;

namespace {

/// `check` and the question must both refuse, in the same words, at the same byte.
template <class Ask>
void lies(image_builder& image, const std::string& section, std::uint64_t at, Ask ask) {
    const auto opened = sample::open(image);
    for (const auto& problem :
         {sample::caught([&] { opened.check(); }), sample::caught([&] { ask(opened); })}) {
        CHECK_MESSAGE(problem.code() == errc::format, problem.what());
        CHECK_MESSAGE(problem.section() == section, problem.what());
        CHECK_MESSAGE(problem.offset() == image.offset(section) + at, problem.what());
    }
    ask_everything(opened);
}

void check_refuses(image_builder& image, const std::string& section, std::uint64_t at) {
    const auto opened = sample::open(image);
    const auto problem = sample::caught([&] { opened.check(); });
    CHECK_MESSAGE(problem.code() == errc::format, problem.what());
    CHECK_MESSAGE(problem.section() == section, problem.what());
    CHECK_MESSAGE(problem.offset() == image.offset(section) + at, problem.what());
    ask_everything(opened);
}

}  // namespace

TEST_CASE("cut at every length") {
    const byte_vector whole = sample::make().build();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const byte_vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto problem = sample::caught([&] { sample::open(cut); });
        REQUIRE(problem.code() == errc::format);
        if (size < 64) continue;
        const std::string words = "expected a file of " + std::to_string(whole.size()) +
                                  " bytes, found a truncated file of " + std::to_string(size) +
                                  " bytes";
        REQUIRE(std::string(problem.what()).find(words) != std::string::npos);
    }
}

TEST_CASE("flipped at every byte: opening sees all but data, check sees all") {
    const image_builder image = sample::make();
    byte_vector bytes = image.build();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        bytes[at] ^= 0x10;
        bool opened = false;
        try {
            const auto damaged = sample::open(bytes);
            opened = true;
            damaged.check();
            FAIL("byte " << at << " was flipped and not seen");
        } catch (const nb201store::error& problem) {
            const bool expected = problem.code() == errc::checksum ||
                                  problem.code() == errc::format || problem.code() == errc::version;
            REQUIRE(expected);
            if (at < 64 + 128 * image.parts.size()) REQUIRE_FALSE(opened);
        }
        bytes[at] ^= 0x10;
    }
}

TEST_CASE("every byte of header, table and description, with the checksums made right again") {
    const byte_vector whole = sample::make().build();
    const std::size_t end = 64 + 128 * sample::make().parts.size();
    for (std::size_t at = 0; at < end; ++at)
        for (const int flip : {0x01, 0x80, 0xFF}) {
            byte_vector bytes = whole;
            bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
            image_builder::sign(bytes);
            try_everything(std::move(bytes));
        }
    for (const char* name : {"space", "choices", "datasets", "splits", "trials", "seeds", "epochs",
                             "columns", "user_columns"}) {
        const std::size_t size = sample::make()[name].bytes.size();
        for (std::size_t at = 0; at < size; ++at)
            for (const int flip : {0x01, 0x02, 0x80, 0xFF}) {
                image_builder image = sample::make();
                image[name].bytes[at] = static_cast<std::uint8_t>(image[name].bytes[at] ^ flip);
                try_everything(image.build());
            }
    }
}

TEST_CASE("every byte of the data, with the checksums made right again") {
    const image_builder sound = sample::make();
    for (const auto& section : sound.parts) {
        if (section.name.find('/') == std::string::npos) continue;
        for (std::size_t at = 0; at < section.bytes.size(); ++at) {
            image_builder image = sample::make();
            image[section.name].bytes[at] ^= 0xFF;
            try_everything(image.build());
        }
    }
}

TEST_CASE("check names the first bad section") {
    const image_builder image = sample::make();
    byte_vector bytes = image.build();
    bytes[image.offset("3/alpha/flops_m") + 3] ^= 1;
    bytes[image.offset("about")] ^= 1;
    const auto problem = sample::caught([&] { sample::open(bytes).check(); });
    CHECK(problem.code() == errc::checksum);
    CHECK(problem.section() == "3/alpha/flops_m");
    CHECK(problem.offset() == image.offset("3/alpha/flops_m"));
}

TEST_CASE("check reports progress up to the size of the file") {
    const auto image = sample::open(sample::make());
    std::vector<std::uint64_t> done;
    image.check([&](std::uint64_t bytes, std::uint64_t total) {
        CHECK(total == image.size());
        done.push_back(bytes);
    });
    CHECK(std::is_sorted(done.begin(), done.end()));
    CHECK(done.back() == image.size());
}

TEST_CASE("rows that lie") {
    const auto ask = [](const auto& image) {
        image.value(0, "alpha", "train", "accuracy", 3, 0, 888);
    };
    image_builder image = sample::make();
    lies(image.patch("3/alpha/rows", 4, 5), "3/alpha/rows", 4, ask);
    lies(image.patch("3/alpha/rows", 4, 0xFFFFFFFE), "3/alpha/rows", 4, ask);  // -2
    lies(image.patch("3/alpha/rows", 4, 0x80000000), "3/alpha/rows", 4, ask);
    check_refuses(image.patch("3/alpha/rows", 4, 0), "3/alpha/rows", 4);  // used twice
    image = sample::make();
    check_refuses(image.patch("3/alpha/rows", 44, 0xFFFFFFFF), "3/alpha/rows",
                  0);  // row 4 left out
    image = sample::make();
    check_refuses(image.patch("3/alpha/rows", 24, 4).patch("3/alpha/rows", 44, 4), "3/alpha/rows",
                  44);
}

TEST_CASE("hits that lie") {
    const auto train = [](const auto& image) {
        image.value(0, "alpha", "train", "accuracy", 3, 1, 777);
    };
    const auto valid = [](const auto& image) {
        image.curve(0, "alpha", "x-valid", "accuracy", 3, mean_seed);
    };
    const auto beta = [](const auto& image) {
        double out[4];
        std::uint8_t present[4];
        image.column("beta", "train", "accuracy", 3, 1, 111).array(out, present);
    };
    image_builder image = sample::make();
    lies(image.patch("3/alpha/train/accuracy", 2, 50001, 2), "3/alpha/train/accuracy", 2, train);
    image = sample::make();
    lies(image.patch("3/alpha/x-valid/accuracy", 2, 1001, 2), "3/alpha/x-valid/accuracy", 2, valid);
    image = sample::make();
    lies(image.patch("3/alpha/x-valid/accuracy.last", 1, 233, 1), "3/alpha/x-valid/accuracy.last",
         1, valid);
    image = sample::make();
    image.patch("3/alpha/x-valid/accuracy", 2, 102, 2);  // 103 of them in the last batch
    lies(image, "3/alpha/x-valid/accuracy.last", 1, valid);
    image = sample::make();
    lies(image.patch("3/beta/train/accuracy", 4, 151701), "3/beta/train/accuracy", 4, beta);
    lies(image.patch("3/beta/train/accuracy", 4, 149u << 24 | 150), "3/beta/train/accuracy", 4,
         beta);
}

TEST_CASE("places and offsets that lie") {
    const auto time = [](const auto& image) {
        image.value(0, "alpha", "x-valid", "time", 3, 0, 888);
    };
    const auto list = [](const auto& image) { image.trial_list(0, "alpha", "latency_s", 3, 888); };
    const auto mean = [](const auto& image) {
        image.trial_value(0, "alpha", "latency_s", 3, mean_seed);
    };
    image_builder image = sample::make();
    lies(image.patch("3/alpha/x-valid/time", 2, 3, 2), "3/alpha/x-valid/time", 2, time);
    image = sample::make();
    lies(image.patch("3/alpha/latency_s", 8, 7), "3/alpha/latency_s", 4, list);
    image.patch("3/alpha/latency_s", 8, 2);  // row 1 is 3 to 2
    lies(image, "3/alpha/latency_s", 4, list);
    lies(image, "3/alpha/latency_s", 4, mean);
    image = sample::make();
    check_refuses(image.patch("3/alpha/latency_s", 0, 1), "3/alpha/latency_s", 0);
    image = sample::make();
    check_refuses(image.patch("3/alpha/latency_s", 20, 5), "3/alpha/latency_s", 20);
}

TEST_CASE("what is absent must be zero") {
    image_builder image = sample::make();
    check_refuses(image.patch("3/alpha/x-valid/loss", 24, 1), "3/alpha/x-valid/loss", 24);
    image = sample::make();
    check_refuses(image.patch("3/alpha/x-valid/loss.present", 4, 4, 1),
                  "3/alpha/x-valid/loss.present", 4);
    image = sample::make();
    check_refuses(image.patch("12/alpha/train/accuracy.present", 3, 3, 1),
                  "12/alpha/train/accuracy.present", 3);
    const image_builder sound = sample::make();
    byte_vector bytes = sound.build();
    bytes[sound.offset("3/alpha/rows") - 1] = 1;  // the gap before it
    const auto problem = sample::caught([&] { sample::open(bytes).check(); });
    CHECK(problem.section() == "3/alpha/rows");
    CHECK(problem.code() == errc::format);
}

TEST_CASE("files: mapped, read, absent, empty, a directory") {
    std::string path = "/tmp/nb201store-test-XXXXXX";
    ::close(::mkstemp(path.data()));
    const byte_vector bytes = sample::make().build();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    for (const auto mode : {nb201store::open_mode::mmap, nb201store::open_mode::read}) {
        const auto image = nb201store::image::open(path, mode, true);
        CHECK(image.path() == path);
        CHECK(image.size() == bytes.size());
        ask_everything(image);
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc).flush();
    for (const auto mode : {nb201store::open_mode::mmap, nb201store::open_mode::read})
        CHECK(sample::caught([&] { nb201store::image::open(path, mode); }).code() == errc::format);
    std::remove(path.c_str());
    const auto absent = sample::caught([&] { nb201store::image::open(path); });
    CHECK(absent.code() == errc::io);
    CHECK(absent.system_error() == ENOENT);
    CHECK(sample::caught([&] { nb201store::image::open("/"); }).system_error() == EISDIR);
}
