// The packed memo against a plain vector of the same entries.
#include <doctest/doctest.h>

#include <nb201store/pickle_memo.hpp>
#include <random>
#include <vector>

using nb201store::pickle::memo_code;
using nb201store::pickle::memo_table;
using tag = memo_code::tag;

TEST_CASE("the memo answers as a plain vector does, whatever is packed") {
    std::mt19937 engine(5);
    const auto below = [&](unsigned limit) { return static_cast<std::uint32_t>(engine() % limit); };
    memo_table memo;
    std::vector<memo_code> plain;
    std::uint32_t next_text = 0;
    for (int cell = 0; cell < 30; ++cell) {
        for (int i = 0; i < 3000; ++i) {
            const unsigned choice = below(8);
            next_text = choice < 5 ? next_text + 1 : below(5000);
            const memo_code code = choice < 6   ? memo_code(tag::text, next_text)
                                   : choice < 7 ? memo_code(tag::node, below(40))
                                                : memo_code(tag::special, 2);
            const std::size_t index =
                below(16) == 0 && !plain.empty() ? engine() % plain.size() : plain.size();
            memo.put(index, code);
            if (index == plain.size()) plain.push_back(code);
            plain[index] = code;
        }
        memo.forget_nodes(20);
        for (memo_code& code : plain)
            if (code.type() == tag::node && code.index() >= 20) code = memo_code::forgotten();
        REQUIRE(memo.size() == plain.size());
        bool same = true;
        for (std::size_t i = 0; i < plain.size(); ++i) same = same && memo.get(i) == plain[i];
        CHECK(same);
    }
    CHECK(memo.bytes() <= plain.size() * 4 + 4096 * 4);
}

TEST_CASE("texts that count up, and what was forgotten, take next to nothing") {
    memo_table memo;
    for (std::uint32_t cell = 0; cell < 100; ++cell) {
        for (std::uint32_t i = 0; i < 10000; ++i)
            memo.put(memo.size(),
                     i % 1000 == 0 ? memo_code(tag::node, i) : memo_code(tag::text, i % 1000));
        memo.forget_nodes(0);
    }
    CHECK(memo.size() == 1000000);
    CHECK(memo.bytes() < 100000);
    CHECK(memo.get(999999) == memo_code(tag::text, 999));
    CHECK(memo.get(5000) == memo_code::forgotten());
    memo.clear();
    CHECK(memo.bytes() == 0);
}
