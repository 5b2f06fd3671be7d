// The topology space `tss` (NAS-Bench-201, NATS-Bench tss): one of five operations on each of six
// edges, 15,625 cells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nb201store/product_space.hpp>
#include <string>
#include <string_view>

namespace nb201store {

/// The operations, by digit. Part of the file format, append only.
inline constexpr std::array<std::string_view, 5> k_tss_ops = {
    "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};

/// The edges of the cell graph in the order of the digits. Node 0 is the input, node 3 the output.
struct tss_edge {
    std::size_t target;
    std::size_t source;
};
inline constexpr std::array<tss_edge, 6> k_tss_edges = {
    {{1, 0}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {3, 2}}};

namespace detail {
struct tss_tag {
    static constexpr std::string_view name = "tss";
    static constexpr std::size_t positions = k_tss_edges.size();
    static constexpr std::size_t base = k_tss_ops.size();
};
using tss_product = product_space<tss_tag>;

/// The end of the token that starts at `begin`: the next of `~`, `|`, `+`, or the end of the text.
inline std::size_t token_end(std::string_view text, std::size_t begin) {
    const std::size_t end = text.find_first_of("~|+", begin);
    return end == std::string_view::npos ? text.size() : end;
}

[[noreturn]] inline void throw_tss_arch_str(std::string_view text, const std::string& expected,
                                            std::size_t at) {
    throw_arch("tss", expected + " at character " + std::to_string(at) + " of the arch_str",
               shown(text));
}

inline std::uint8_t tss_op_from_name(std::string_view text, std::size_t begin, std::size_t end) {
    const std::string_view name = text.substr(begin, end - begin);
    for (std::uint8_t op = 0; op < k_tss_ops.size(); ++op)
        if (k_tss_ops[op] == name) return op;
    throw_tss_arch_str(text, "an operation (none, skip_connect, nor_conv_1x1, ...)", begin);
}
}  // namespace detail

inline constexpr std::int64_t k_tss_cells = detail::tss_product::size();
using tss_ops_array = detail::tss_product::ops_type;
using tss_neighbour_codes = detail::tss_product::neighbours_type;

/// The six digits of `code`. Throws errc::arch outside 0..15624, as every function here.
constexpr tss_ops_array tss_code_to_ops(std::int64_t code) {
    return detail::tss_product::code_to_ops(code);
}

/// The code of six digits, each 0..4.
constexpr std::int64_t tss_ops_to_code(const tss_ops_array& ops) {
    return detail::tss_product::ops_to_code(ops);
}

/// The 24 codes that differ in one digit, by position and then by choice, ascending.
constexpr tss_neighbour_codes tss_neighbours(std::int64_t code) {
    return detail::tss_product::neighbours(code);
}

/// The official string, `|nor_conv_3x3~0|+|...`.
inline std::string tss_code_to_arch_str(std::int64_t code) {
    const tss_ops_array ops = tss_code_to_ops(code);
    std::string text;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        const tss_edge edge = k_tss_edges[i];
        if (edge.source == 0) text += edge.target == 1 ? "|" : "+|";
        text.append(k_tss_ops[ops[i]]).append("~").append(std::to_string(edge.source)).append("|");
    }
    return text;
}

/// The code of an official string; every other spelling throws errc::arch.
inline std::int64_t tss_arch_str_to_code(std::string_view text) {
    tss_ops_array ops{};
    std::size_t at = 0;
    const auto expect = [&](std::string_view wanted) {
        if (text.substr(at, wanted.size()) != wanted)
            detail::throw_tss_arch_str(text, detail::shown(wanted), at);
        at += wanted.size();
    };
    for (std::size_t i = 0; i < ops.size(); ++i) {
        const tss_edge edge = k_tss_edges[i];
        if (edge.source == 0) expect(edge.target == 1 ? "|" : "+|");
        const std::size_t end = detail::token_end(text, at);
        ops[i] = detail::tss_op_from_name(text, at, end);
        at = end;
        const char source = static_cast<char>('0' + edge.source);
        const char tail[] = {'~', source, '|'};
        expect(std::string_view(tail, sizeof tail));
    }
    if (at != text.size()) detail::throw_tss_arch_str(text, "the end", at);
    return tss_ops_to_code(ops);
}

}  // namespace nb201store
