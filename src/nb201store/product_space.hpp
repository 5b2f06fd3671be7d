// A search space that is a plain product of choices. A cell's *code* is its position in product
// order, first digit most significant; its digits are called *ops*. What they mean is said in
// space_tss.hpp and space_sss.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nb201store/error.hpp>
#include <string>
#include <string_view>

namespace nb201store {
namespace detail {

/// `text` as it appears in an error: quoted, printable ASCII on one line, at most about 120
/// characters.
inline std::string shown(std::string_view text) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    std::string quoted = "'";
    for (const char letter : text) {
        if (quoted.size() > 117) return quoted + "...";
        if (letter >= ' ' && letter <= '~') {
            quoted += letter;
        } else {
            const auto byte = static_cast<unsigned char>(letter);
            quoted.append("\\x").append({k_hex[byte >> 4], k_hex[byte & 15u]});
        }
    }
    return quoted + "'";
}

[[noreturn]] inline void throw_arch(std::string_view space, const std::string& expected,
                                    const std::string& found) {
    throw error(errc::arch, std::string(space) + ": expected " + expected + ", found " + found);
}

/// Throws unless 0 <= index < size. `what` is "code" or "official index".
constexpr void check_index(std::string_view space, const char* what, std::int64_t index,
                           std::int64_t size) {
    if (index < 0 || index >= size)
        throw_arch(space, what + std::string(" 0..") + std::to_string(size - 1),
                   std::to_string(index));
}

/// What a tag describes: `name`, `base` (choices of a position) and `positions`.
template <typename Tag>
struct product_space {
    static constexpr std::size_t positions = Tag::positions;
    static constexpr std::size_t base = Tag::base;
    using ops_type = std::array<std::uint8_t, positions>;
    using neighbours_type = std::array<std::int64_t, positions*(base - 1)>;

    static constexpr std::int64_t size() {
        std::int64_t cells = 1;
        for (std::size_t i = 0; i < positions; ++i) cells *= static_cast<std::int64_t>(base);
        return cells;
    }

    static constexpr void check(std::int64_t code) { check_index(Tag::name, "code", code, size()); }

    static constexpr ops_type code_to_ops(std::int64_t code) {
        check(code);
        ops_type ops{};
        auto rest = static_cast<std::size_t>(code);
        for (std::size_t i = positions; i-- > 0; rest /= base)
            ops[i] = static_cast<std::uint8_t>(rest % base);
        return ops;
    }

    static constexpr std::int64_t ops_to_code(const ops_type& ops) {
        std::size_t code = 0;
        for (std::size_t i = 0; i < positions; ++i) {
            if (ops[i] >= base)
                throw_arch(Tag::name,
                           "op 0.." + std::to_string(base - 1) + " in place " + std::to_string(i),
                           std::to_string(ops[i]));
            code = code * base + ops[i];
        }
        return static_cast<std::int64_t>(code);
    }

    static constexpr neighbours_type neighbours(std::int64_t code) {
        ops_type ops = code_to_ops(code);
        neighbours_type found{};
        std::size_t count = 0;
        for (auto& digit : ops) {
            const std::uint8_t own = digit;
            for (std::uint8_t choice = 0; choice < base; ++choice) {
                if (choice == own) continue;
                digit = choice;
                found[count++] = ops_to_code(ops);
            }
            digit = own;
        }
        return found;
    }
};

}  // namespace detail
}  // namespace nb201store
