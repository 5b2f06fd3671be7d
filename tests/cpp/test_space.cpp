// The core's search spaces alone. That they agree with Python on every cell is
// tests/property/test_space_parity.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nb201store/space.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace nb201store;

namespace {

constexpr const char* k_resnet =
    "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|";

template <typename Function>
std::string arch_error(const Function& function) {
    try {
        function();
    } catch (const error& problem) {
        CHECK(problem.code() == errc::arch);
        return problem.what();
    }
    return "no error";
}

}  // namespace

// The arithmetic is usable at compile time.
static_assert(k_tss_cells == 15625 && k_sss_cells == 32768);
static_assert(tss_code_to_ops(15624)[0] == 4 && tss_code_to_ops(1)[5] == 1);
static_assert(tss_ops_to_code({1, 0, 0, 0, 0, 0}) == 3125);
static_assert(sss_ops_to_code({7, 7, 7, 7, 7}) == 32767);
static_assert(tss_neighbours(0)[0] == 3125 && tss_neighbours(0)[23] == 4);
static_assert(sss_official_index_to_code(11) == 11 && sss_representative(11) == 11);

TEST_CASE("codes, digits and strings go round over all cells") {
    for (std::int64_t code = 0; code < k_tss_cells; ++code) {
        CHECK(tss_ops_to_code(tss_code_to_ops(code)) == code);
        CHECK(tss_arch_str_to_code(tss_code_to_arch_str(code)) == code);
    }
    for (std::int64_t code = 0; code < k_sss_cells; ++code) {
        CHECK(sss_ops_to_code(sss_code_to_ops(code)) == code);
        CHECK(sss_arch_str_to_code(sss_code_to_arch_str(code)) == code);
    }
    CHECK(sss_code_to_arch_str(11) == "8:8:8:16:32");
    CHECK(sss_unique_str(11) == "8:8:8:16:32");
}

TEST_CASE("neighbours differ in one digit, are distinct and mutual") {
    for (std::int64_t code = 0; code < k_tss_cells; code += 7) {
        const auto around = tss_neighbours(code);
        CHECK(std::set<std::int64_t>(around.begin(), around.end()).size() == 24);
        for (const std::int64_t other : around) {
            const auto back = tss_neighbours(other);
            CHECK(std::count(back.begin(), back.end(), code) == 1);
        }
    }
    const auto around = sss_neighbours(32767);
    CHECK(std::set<std::int64_t>(around.begin(), around.end()).size() == 35);
}

TEST_CASE("the official order is CPython's") {
    // random.seed(88) then getrandbits(32), three times.
    detail::python_seed_sequence seeds(88);
    std::mt19937 generator(seeds);
    CHECK(generator() == 1707201716u);
    CHECK(generator() == 4182107318u);
    CHECK(generator() == 813946014u);

    CHECK(tss_code_to_official_index(tss_arch_str_to_code(k_resnet)) == 11472);
    CHECK(tss_code_to_arch_str(tss_official_index_to_code(1651)) ==
          "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|");
    for (std::int64_t code = 0; code < k_tss_cells; ++code)
        CHECK(tss_official_index_to_code(tss_code_to_official_index(code)) == code);
}

TEST_CASE("unique strings make the published number of classes") {
    const std::map<unique_mode, std::size_t> published = {{unique_mode::nothing, 15625},
                                                          {unique_mode::skips, 12751},
                                                          {unique_mode::zeros_and_skips, 6466}};
    for (const auto& [mode, count] : published) {
        std::set<std::string> distinct;
        for (std::int64_t code = 0; code < k_tss_cells; ++code)
            distinct.insert(tss_unique_str(code, mode));
        CHECK(distinct.size() == count);
    }
    CHECK(tss_unique_str(tss_official_index_to_code(9), unique_mode::zeros_and_skips) ==
          "#+(#+#)@nor_conv_3x3+0");
}

TEST_CASE("representatives are the smallest codes of their classes") {
    const auto& table = tss_representatives();
    std::map<std::uint16_t, std::size_t> sizes;
    for (std::size_t code = 0; code < table.size(); ++code) {
        CHECK(table[code] <= code);
        CHECK(table[table[code]] == table[code]);
        ++sizes[table[code]];
    }
    CHECK(sizes.size() == 6466);
    CHECK(std::count_if(sizes.begin(), sizes.end(),
                        [](const auto& group) { return group.second == 1; }) == 5116);
    CHECK(tss_representative(15624) == 15624);
}

TEST_CASE("what is no cell is refused with its reason") {
    CHECK(arch_error([] { tss_code_to_ops(-1); }) == "tss: expected code 0..15624, found -1");
    CHECK(arch_error([] { sss_neighbours(32768); }) == "sss: expected code 0..32767, found 32768");
    CHECK(arch_error([] { tss_official_index_to_code(15625); }) ==
          "tss: expected official index 0..15624, found 15625");
    CHECK(arch_error([] { tss_ops_to_code({0, 0, 5, 0, 0, 0}); }) ==
          "tss: expected op 0..4 in place 2, found 5");
    CHECK(arch_error([] { tss_arch_str_to_code("|none~0|+|none~0|none~2|"); }) ==
          "tss: expected '~1|' at character 21 of the arch_str, found '|none~0|+|none~0|none~2|'");
    CHECK(
        arch_error([] { sss_arch_str_to_code("8:8:8:8:9\n"); }) ==
        "sss: expected a width (8, 16, 24, 32, 40, 48, 56, 64) in arch_str '8:8:8:8:9\\x0a', found "
        "'9\\x0a'");
}

TEST_CASE("no prefix of a good string is accepted, and nothing after it") {
    for (std::int64_t index = 0; index < k_tss_cells; index += 977) {
        const std::string text = tss_code_to_arch_str(index);
        for (std::size_t length = 0; length < text.size(); ++length)
            CHECK_THROWS_AS(tss_arch_str_to_code(text.substr(0, length)), error);
        CHECK_THROWS_AS(tss_arch_str_to_code(text + "|"), error);
        CHECK_THROWS_AS(tss_arch_str_to_code(text + '\0'), error);
    }
    for (const char* text : {"", ":", "8:8:8:8", "8:8:8:8:", "8:8:8:8:8:", "8:8:8:8:8:8",
                             "08:8:8:8:8", "8:8:8:8:12", "+8:8:8:8:8", "8: 8:8:8:8"})
        CHECK_THROWS_AS(sss_arch_str_to_code(text), error);
}
