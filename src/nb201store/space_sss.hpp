// The size space `sss` (NATS-Bench): one of eight widths at each of five positions, 32,768
// networks. Upstream does not shuffle it, and no two of its networks are isomorphic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nb201store/product_space.hpp>
#include <string>
#include <string_view>

namespace nb201store {

/// The widths, by digit. Part of the file format, append only.
inline constexpr std::array<int, 8> k_sss_widths = {8, 16, 24, 32, 40, 48, 56, 64};

namespace detail {
struct sss_tag {
    static constexpr std::string_view name = "sss";
    static constexpr std::size_t positions = 5;
    static constexpr std::size_t base = k_sss_widths.size();
};
using sss_product = product_space<sss_tag>;

inline std::uint8_t sss_op_from_width(std::string_view text, std::string_view width) {
    for (std::uint8_t op = 0; op < k_sss_widths.size(); ++op)
        if (std::to_string(k_sss_widths[op]) == width) return op;
    throw_arch("sss", "a width (8, 16, 24, 32, 40, 48, 56, 64) in arch_str " + shown(text),
               shown(width));
}
}  // namespace detail

inline constexpr std::int64_t k_sss_cells = detail::sss_product::size();
using sss_ops_array = detail::sss_product::ops_type;
using sss_neighbour_codes = detail::sss_product::neighbours_type;

/// The five digits of `code`; a width is 8 * (digit + 1). Throws errc::arch outside 0..32767, as
/// every function here.
constexpr sss_ops_array sss_code_to_ops(std::int64_t code) {
    return detail::sss_product::code_to_ops(code);
}

/// The code of five digits, each 0..7.
constexpr std::int64_t sss_ops_to_code(const sss_ops_array& ops) {
    return detail::sss_product::ops_to_code(ops);
}

/// The 35 codes that differ in one digit, by position and then by choice, ascending.
constexpr sss_neighbour_codes sss_neighbours(std::int64_t code) {
    return detail::sss_product::neighbours(code);
}

/// The official string, `64:64:64:64:64`.
inline std::string sss_code_to_arch_str(std::int64_t code) {
    std::string text;
    for (const std::uint8_t op : sss_code_to_ops(code)) {
        if (!text.empty()) text += ':';
        text += std::to_string(k_sss_widths[op]);
    }
    return text;
}

/// The code of an official string; every other spelling throws errc::arch.
inline std::int64_t sss_arch_str_to_code(std::string_view text) {
    sss_ops_array ops{};
    std::string_view rest = text;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        const std::size_t colon = rest.find(':');
        if ((colon == std::string_view::npos) != (i + 1 == ops.size()))
            detail::throw_arch("sss", "5 widths between ':' as arch_str", detail::shown(text));
        ops[i] = detail::sss_op_from_width(text, rest.substr(0, colon));
        rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
    return sss_ops_to_code(ops);
}

/// Upstream's index of a network: its code.
constexpr std::int64_t sss_code_to_official_index(std::int64_t code) {
    detail::sss_product::check(code);
    return code;
}

/// The network at an index of the upstream order: its code.
constexpr std::int64_t sss_official_index_to_code(std::int64_t index) {
    detail::check_index("sss", "official index", index, k_sss_cells);
    return index;
}

/// Upstream's isomorphism string: the official string.
inline std::string sss_unique_str(std::int64_t code) { return sss_code_to_arch_str(code); }

/// The smallest isomorphic code: the code itself.
constexpr std::int64_t sss_representative(std::int64_t code) {
    detail::sss_product::check(code);
    return code;
}

}  // namespace nb201store
