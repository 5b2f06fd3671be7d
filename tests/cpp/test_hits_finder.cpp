// Percentages back to hits, against a search through everything that could give them.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <nb201store/hits_finder.hpp>
#include <optional>
#include <utility>

using nb201store::hit_counts;
using nb201store::hits_finder;
using nb201store::percent_rule;

namespace {

/// Hits of the last batch that can be among `hits` of `images`.
std::pair<std::uint32_t, std::uint32_t> range(std::uint32_t images, std::uint32_t last_batch,
                                              std::uint32_t hits) {
    const std::uint32_t rest = images - last_batch;
    return {hits > rest ? hits - rest : 0, hits < last_batch ? hits : last_batch};
}

/// Of all hits in the last batch that give `percent`, the nearest to the share, the smaller of two.
std::optional<std::uint32_t> searched(std::uint32_t images, std::uint32_t last_batch,
                                      std::uint32_t hits, double percent) {
    const percent_rule rule(images, last_batch);
    const auto [low, high] = range(images, last_batch, hits);
    std::optional<std::uint32_t> best;
    std::int64_t nearest = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t last = low; last <= high; ++last) {
        if (rule.percent(hits, last) != percent) continue;
        const std::int64_t distance =
            std::abs(std::int64_t{last} * images - std::int64_t{hits} * last_batch);
        if (distance < nearest) {
            nearest = distance;
            best = last;
        }
    }
    return best;
}

/// How many of the percentages that `step`th hits can give come back as the search says.
std::size_t checked(std::uint32_t images, std::uint32_t last_batch, std::uint32_t step) {
    const percent_rule rule(images, last_batch);
    const hits_finder finder(images, last_batch);
    std::size_t count = 0;
    for (std::uint32_t hits = 0; hits <= images; hits += step) {
        const auto [low, high] = range(images, last_batch, hits);
        for (std::uint32_t last = low; last <= high; ++last) {
            const double percent = rule.percent(hits, last);
            hit_counts found;
            if (!finder.find(percent, found) || found.hits != hits ||
                searched(images, last_batch, hits, percent) != found.last_hits)
                return 0;
            ++count;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("every percentage of few images is found as a search finds it") {
    CHECK(checked(300, 44, 1) == 257 * 45);
    CHECK(checked(257, 1, 1) > 257);
    CHECK(checked(899, 131, 7) > 10000);
    CHECK(checked(44, 44, 1) == 45);
}

TEST_CASE("percentages of the official splits with a last batch are found as a search finds them") {
    CHECK(checked(25000, 168, 997) > 3000);
    CHECK(checked(5000, 136, 211) > 2000);
    CHECK(checked(3000, 184, 97) > 4000);
    CHECK(checked(6000, 112, 191) > 3000);
    CHECK(checked(151700, 148, 7001) > 2000);
}

TEST_CASE("without a last batch the hits alone are found") {
    for (const std::uint32_t images : {1U, 10000U, 50000U, (1U << 24U) - 1}) {
        const percent_rule rule(images, 0);
        const hits_finder finder(images, 0);
        for (std::uint32_t hits = 0; hits <= images; hits += images / 1000 + 1) {
            hit_counts found{7, 7};
            REQUIRE(finder.find(rule.percent(hits), found));
            CHECK(found.hits == hits);
            CHECK(found.last_hits == 0);
        }
    }
}

TEST_CASE("what no hits give is told, and nothing is written") {
    const double infinity = std::numeric_limits<double>::infinity();
    for (const auto& [images, last] : {std::pair{10000U, 0U}, {25000U, 168U}, {300U, 44U}}) {
        const hits_finder finder(images, last);
        const double half = 100.0 * 201.5 / images;
        for (const double percent :
             {std::nan(""), infinity, -infinity, -0.5, 100.5, 101.0, 1e300, -1e300, half,
              std::nextafter(100.0, infinity), std::numeric_limits<double>::denorm_min()}) {
            hit_counts found{7, 8};
            CHECK_FALSE(finder.find(percent, found));
            CHECK(found.hits == 7);
            CHECK(found.last_hits == 8);
        }
        hit_counts found;
        CHECK(finder.find(-0.0, found));
        CHECK(found.hits == 0);
        CHECK(finder.find(100.0, found));
        CHECK(found.hits == images);
        CHECK(found.last_hits == last);
    }
}
