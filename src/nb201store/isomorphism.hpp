// When two cells of the topology space compute the same: upstream's unique strings, quirk included,
// and the smallest code of each class.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nb201store/space_tss.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace nb201store {

/// What a unique string simplifies; upstream's `consider_zero` None, False and True.
enum class unique_mode {
    nothing,         ///< None: 15,625 distinct strings
    skips,           ///< False: 12,751
    zeros_and_skips  ///< True, the official notion: 6,466
};

namespace detail {

/// What one edge adds to the string of its target; `source` is its source's string.
inline std::string unique_term(const std::string& source, std::size_t op, unique_mode mode) {
    const bool dead = k_tss_ops[op] == "none" || source == "#";
    if (mode == unique_mode::zeros_and_skips && dead) return "#";
    if (mode != unique_mode::nothing && k_tss_ops[op] == "skip_connect") return source;
    return "(" + source + ")@" + std::string(k_tss_ops[op]);
}

inline std::vector<std::uint16_t> make_representatives();

}  // namespace detail

/// Upstream's isomorphism string: that of node 3. A node's string is its terms, sorted and joined
/// by '+'; two dead edges make "#+#", which counts as alive (upstream's quirk, and why there are
/// 6,466 classes).
inline std::string tss_unique_str(std::int64_t code, unique_mode mode) {
    const tss_ops_array ops = tss_code_to_ops(code);
    std::array<std::string, 4> nodes = {"0"};
    std::size_t edge = 0;
    for (std::size_t node = 1; node < nodes.size(); ++node) {
        std::vector<std::string> terms;
        for (std::size_t source = 0; source < node; ++source)
            terms.push_back(detail::unique_term(nodes[source], ops[edge++], mode));
        std::sort(terms.begin(), terms.end());
        for (const std::string& term : terms) {
            if (!nodes[node].empty()) nodes[node] += '+';
            nodes[node] += term;
        }
    }
    return nodes[3];
}

/// By code, the smallest code with the same unique string (zeros_and_skips). The first call makes
/// the table, which takes tens of milliseconds.
inline const std::vector<std::uint16_t>& tss_representatives() {
    static const std::vector<std::uint16_t> table = detail::make_representatives();
    return table;
}

/// The smallest code isomorphic to `code`. Throws errc::arch outside 0..15624.
inline std::int64_t tss_representative(std::int64_t code) {
    detail::tss_product::check(code);
    return tss_representatives()[static_cast<std::size_t>(code)];
}

inline std::vector<std::uint16_t> detail::make_representatives() {
    std::unordered_map<std::string, std::uint16_t> first;
    std::vector<std::uint16_t> table;
    table.reserve(static_cast<std::size_t>(k_tss_cells));
    for (std::uint16_t code = 0; code < k_tss_cells; ++code)
        table.push_back(
            first.emplace(tss_unique_str(code, unique_mode::zeros_and_skips), code).first->second);
    return table;
}

}  // namespace nb201store
