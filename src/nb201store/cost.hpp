// Trainable parameters and multiply-adds of any cell's network, counted layer by layer from its
// code.
//
// Counted as upstream counts: trainable scalars, batch norm's scale and shift included, and the
// multiply-adds of convolutions and linear layers for one image (a bias adds one per output);
// pooling, batch norm, ReLU and additions cost nothing; operations on dead branches count. Layers:
// NAS-Bench-201 (ICLR 2020) section 2.1, NATS-Bench (TPAMI 2021).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <nb201store/space_sss.hpp>
#include <nb201store/space_tss.hpp>
#include <string>
#include <vector>

namespace nb201store {

/// A macro network but for its cell. Every number is 1..4294967295, as in the file format.
struct network_shape {
    std::uint64_t classes;
    std::uint64_t image_size;  ///< pixels a side; each reduction halves it, rounding up
    std::uint64_t channels;    ///< width of the stem; without effect in sss
    std::uint64_t cells_per_stage;
    std::uint64_t in_channels;  ///< of the images
};

/// The official numbers.
inline constexpr std::uint64_t k_tss_channels = 16;
inline constexpr std::uint64_t k_tss_cells_per_stage = 5;
inline constexpr std::uint64_t k_sss_cells_per_stage = 1;

/// What a network costs. In millions these are the published doubles, bit for bit.
struct network_cost {
    std::uint64_t parameters = 0;
    std::uint64_t multiply_adds = 0;

    double params_m() const noexcept { return static_cast<double>(parameters) / 1e6; }
    double flops_m() const noexcept { return static_cast<double>(multiply_adds) / 1e6; }
};

/// The cell of every network of the size space, as digits of the topology space.
inline constexpr tss_ops_array k_sss_cell = {3, 3, 3, 1, 3, 3};

namespace detail {

enum tss_op : std::uint8_t { op_skip = 1, op_conv_1x1 = 2, op_conv_3x3 = 3, op_pool = 4 };
static_assert(k_tss_ops[op_skip] == "skip_connect" && k_tss_ops[op_conv_1x1] == "nor_conv_1x1" &&
              k_tss_ops[op_conv_3x3] == "nor_conv_3x3" && k_tss_ops[op_pool] == "avg_pool_3x3");

inline constexpr std::uint64_t k_too_many = std::numeric_limits<std::uint64_t>::max();

/// Sums and products that stick at k_too_many instead of wrapping: one look at the total shows
/// whether any part of it was too large.
constexpr std::uint64_t add(std::uint64_t a, std::uint64_t b) noexcept {
    return a > k_too_many - b ? k_too_many : a + b;
}
constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) noexcept {
    return a != 0 && b > k_too_many / a ? k_too_many : a * b;
}
constexpr network_cost operator+(network_cost a, network_cost b) noexcept {
    return {add(a.parameters, b.parameters), add(a.multiply_adds, b.multiply_adds)};
}
constexpr network_cost operator*(std::uint64_t times, network_cost one) noexcept {
    return {multiply(times, one.parameters), multiply(times, one.multiply_adds)};
}

/// A convolution without bias that puts out `side` x `side` pixels.
constexpr network_cost conv_cost(std::uint64_t into, std::uint64_t out, std::uint64_t kernel,
                                 std::uint64_t side) noexcept {
    const std::uint64_t weights = multiply(kernel * kernel, multiply(into, out));
    return {weights, multiply(weights, multiply(side, side))};
}

/// A batch norm: scale and shift, no multiply-adds by upstream's rule.
constexpr network_cost norm_cost(std::uint64_t width) noexcept { return {multiply(2, width), 0}; }

constexpr network_cost conv_norm_cost(std::uint64_t into, std::uint64_t out, std::uint64_t kernel,
                                      std::uint64_t side) noexcept {
    return conv_cost(into, out, kernel, side) + norm_cost(out);
}

constexpr network_cost cell_cost(const tss_ops_array& ops, std::uint64_t into, std::uint64_t out,
                                 std::uint64_t side) noexcept {
    network_cost sum;
    for (std::size_t edge = 0; edge < ops.size(); ++edge) {
        const std::uint64_t width = k_tss_edges[edge].source == 0 ? into : out;
        const std::uint8_t op = ops[edge];
        // Where the width changes, a skip is a 1x1 convolution, and pooling follows one.
        const bool widens = width != out && (op == op_skip || op == op_pool);
        if (op == op_conv_3x3)
            sum = sum + conv_norm_cost(width, out, 3, side);
        else if (op == op_conv_1x1 || widens)
            sum = sum + conv_norm_cost(width, out, 1, side);
    }
    return sum;
}

/// The parts of a macro network; what goes in and comes out of each are `into` and `out` channels.
/// Its widths are those of the stem, then into and out of the cells of stages 2 and 3.
struct network_parts {
    explicit constexpr network_parts(const network_shape& shape) noexcept
        : shape_(shape),
          // What a convolution of stride 2 and padding 1 leaves of a side.
          sides_{shape.image_size, (shape.image_size + 1) / 2,
                 ((shape.image_size + 1) / 2 + 1) / 2} {}

    constexpr network_cost stem(std::uint64_t width) const noexcept {
        return conv_norm_cost(shape_.in_channels, width, 3, sides_[0]);
    }
    /// The cells of a stage, the first of which changes the width.
    constexpr network_cost cells(const tss_ops_array& ops, std::uint64_t into, std::uint64_t out,
                                 std::size_t stage) const noexcept {
        return cell_cost(ops, into, out, sides_[stage]) +
               (shape_.cells_per_stage - 1) * cell_cost(ops, out, out, sides_[stage]);
    }
    /// The residual block of stride 2 before a stage; its shortcut has no batch norm.
    constexpr network_cost reduction(std::uint64_t into, std::uint64_t out,
                                     std::size_t stage) const noexcept {
        return conv_norm_cost(into, out, 3, sides_[stage]) +
               conv_norm_cost(out, out, 3, sides_[stage]) + conv_cost(into, out, 1, sides_[stage]);
    }
    constexpr network_cost head(std::uint64_t width) const noexcept {
        const std::uint64_t weights = add(multiply(width, shape_.classes), shape_.classes);
        return norm_cost(width) + network_cost{weights, weights};
    }

    constexpr network_cost all(const tss_ops_array& ops,
                               const std::array<std::uint64_t, 5>& widths) const noexcept {
        return stem(widths[0]) + cells(ops, widths[0], widths[0], 0) +
               reduction(widths[0], widths[1], 1) + cells(ops, widths[1], widths[2], 1) +
               reduction(widths[2], widths[3], 2) + cells(ops, widths[3], widths[4], 2) +
               head(widths[4]);
    }

  private:
    network_shape shape_;
    std::array<std::uint64_t, 3> sides_;
};

inline void check_natural(const char* what, std::uint64_t number) {
    if (number >= 1 && number <= std::numeric_limits<std::uint32_t>::max()) return;
    throw error(errc::settings,
                what +
                    std::string(number == 0 ? ": expected an integer of at least 1, found "
                                            : ": expected at most 4294967295, found ") +
                    std::to_string(number));
}

/// All but `channels`, which is only asked of networks that have it.
inline void check_shape(const network_shape& shape) {
    check_natural("classes", shape.classes);
    check_natural("image_size", shape.image_size);
    check_natural("cells", shape.cells_per_stage);
    check_natural("in_channels", shape.in_channels);
}

/// `total`, unless it is beyond what every user of it can hold: numpy's int64.
inline network_cost checked_total(network_cost total) {
    constexpr auto k_largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (total.parameters > k_largest || total.multiply_adds > k_largest)
        throw error(errc::settings,
                    "cost: expected a network of at most 9223372036854775807 parameters and "
                    "multiply-adds, found more: make image_size, channels or cells smaller");
    return total;
}

constexpr std::array<std::uint64_t, 5> tss_widths(std::uint64_t channels) noexcept {
    return {channels, 2 * channels, 2 * channels, 4 * channels, 4 * channels};
}

constexpr std::array<std::uint64_t, 5> sss_widths(const sss_ops_array& ops) noexcept {
    std::array<std::uint64_t, 5> widths{};
    for (std::size_t i = 0; i < widths.size(); ++i)
        widths[i] = static_cast<std::uint64_t>(k_sss_widths[ops[i]]);
    return widths;
}

}  // namespace detail

/// What the network of one cell of the topology space costs. Throws `arch` for a code outside
/// 0..15624, `settings` for a shape out of its range or a network of more than 2^63 - 1 of either.
inline network_cost tss_cost(std::int64_t code, const network_shape& shape) {
    const tss_ops_array ops = tss_code_to_ops(code);
    detail::check_shape(shape);
    detail::check_natural("channels", shape.channels);
    return detail::checked_total(
        detail::network_parts(shape).all(ops, detail::tss_widths(shape.channels)));
}

/// What one network of the size space costs; errors as of `tss_cost`.
inline network_cost sss_cost(std::int64_t code, const network_shape& shape) {
    const sss_ops_array ops = sss_code_to_ops(code);
    detail::check_shape(shape);
    return detail::checked_total(
        detail::network_parts(shape).all(k_sss_cell, detail::sss_widths(ops)));
}

/// `tss_cost` of every cell, by code.
inline std::vector<network_cost> tss_costs(const network_shape& shape) {
    using namespace detail;
    tss_cost(tss_ops_to_code({3, 3, 3, 3, 3, 3}), shape);  // the largest: where it fits, all do
    // All edges of a cell join equal widths here, so an operation costs the same on each of them.
    const network_cost none = tss_cost(0, shape);
    const network_cost conv_1x1 = tss_cost(op_conv_1x1, shape);
    const network_cost conv_3x3 = tss_cost(op_conv_3x3, shape);
    const auto above = [&](const network_cost& one) -> network_cost {
        return {one.parameters - none.parameters, one.multiply_adds - none.multiply_adds};
    };
    const std::array<network_cost, k_tss_ops.size()> of_op = {
        network_cost{}, network_cost{}, above(conv_1x1), above(conv_3x3), network_cost{}};
    std::vector<network_cost> out{none};
    out.reserve(static_cast<std::size_t>(k_tss_cells));
    // Product order, the last edge fastest: each round appends one more digit to every prefix.
    for (std::size_t edge = 0; edge < k_tss_edges.size(); ++edge) {
        std::vector<network_cost> longer;
        longer.reserve(static_cast<std::size_t>(k_tss_cells));
        for (const network_cost& prefix : out)
            for (const network_cost& op : of_op) longer.push_back(prefix + op);
        out.swap(longer);
    }
    return out;
}

/// `sss_cost` of every network, by code.
inline std::vector<network_cost> sss_costs(const network_shape& shape) {
    using namespace detail;
    check_shape(shape);
    const network_parts parts(shape);
    // A part depends on two neighbouring widths at most: tables of 8 x 8 instead of 32,768 counts.
    constexpr std::size_t k_base = k_sss_widths.size();
    std::array<network_cost, k_base> first{}, last{};
    std::array<std::array<std::array<network_cost, k_base>, k_base>, 4> between{};
    for (std::size_t i = 0; i < k_base; ++i) {
        const auto into = static_cast<std::uint64_t>(k_sss_widths[i]);
        first[i] = parts.stem(into) + parts.cells(k_sss_cell, into, into, 0);
        last[i] = parts.head(into);
        for (std::size_t o = 0; o < k_base; ++o) {
            const auto out = static_cast<std::uint64_t>(k_sss_widths[o]);
            between[0][i][o] = parts.reduction(into, out, 1);
            between[1][i][o] = parts.cells(k_sss_cell, into, out, 1);
            between[2][i][o] = parts.reduction(into, out, 2);
            between[3][i][o] = parts.cells(k_sss_cell, into, out, 2);
        }
    }
    std::vector<network_cost> out;
    out.reserve(static_cast<std::size_t>(k_sss_cells));
    for (std::int64_t code = 0; code < k_sss_cells; ++code) {
        const sss_ops_array ops = sss_code_to_ops(code);
        network_cost sum = first[ops[0]] + last[ops[4]];
        for (std::size_t i = 0; i < between.size(); ++i) sum = sum + between[i][ops[i]][ops[i + 1]];
        out.push_back(checked_total(sum));
    }
    return out;
}

}  // namespace nb201store
