// A condition on a cell, as data and as text: `params_m <= 0.5`.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <locale>
#include <nb201store/error.hpp>
#include <nb201store/product_space.hpp>
#include <sstream>
#include <string>
#include <string_view>

namespace nb201store {

enum class comparison : std::uint8_t {
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
};

struct condition {
    std::string name;  ///< params_m, flops_m or a user column; who asks for it finds out
    comparison compare;
    double limit;  ///< finite

    /// Whether a cell of this value meets it. NaN is no value and meets none, `!=` included.
    bool met_by(double value) const noexcept {
        switch (compare) {
            case comparison::less:
                return value < limit;
            case comparison::less_equal:
                return value <= limit;
            case comparison::greater:
                return value > limit;
            case comparison::greater_equal:
                return value >= limit;
            case comparison::equal:
                return value == limit;
            case comparison::not_equal:
                return value < limit || value > limit;
        }
        return false;
    }
};

namespace detail {

inline constexpr std::string_view k_blanks = " \t";

inline std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(k_blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(k_blanks) - begin + 1);
}

[[noreturn]] inline void refuse_condition(std::string_view text, const std::string& expected,
                                          const std::string& found) {
    throw error(errc::settings,
                "condition " + shown(text) + ": expected " + expected + ", found " + found);
}

/// Digits at the front of `text`, taken off it; how many there were.
inline std::size_t take_digits(std::string_view& text) noexcept {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
    text.remove_prefix(count);
    return count;
}

/// Whether it reads [+-] digits [. digits] [e [+-] digits], either side of the point enough.
inline bool is_decimal(std::string_view text) noexcept {
    const auto take = [&](std::string_view any) {
        const bool has = !text.empty() && any.find(text.front()) != std::string_view::npos;
        if (has) text.remove_prefix(1);
        return has;
    };
    take("+-");
    std::size_t digits = take_digits(text);
    if (take(".")) digits += take_digits(text);
    if (digits == 0) return false;
    if (take("eE")) {
        take("+-");
        if (take_digits(text) == 0) return false;
    }
    return text.empty();
}

/// The double nearest to a decimal, in any locale; infinite where there is none.
/// REQUIRES: is_decimal(text).
inline double decimal_value(std::string_view text) {
    std::istringstream in{std::string(text)};  // std::from_chars of doubles is younger than C++17
    in.imbue(std::locale::classic());
    double value = 0.0;
    in >> value;
    return in ? value : std::numeric_limits<double>::infinity();
}

/// Its operator at the front of `text`, taken off it.
inline comparison take_comparison(std::string_view whole, std::string_view& text) {
    const char first = text.front();
    const bool or_equal = text.size() > 1 && text[1] == '=';
    if (!or_equal && (first == '=' || first == '!'))
        refuse_condition(whole, first == '=' ? "== for equal" : "!= for not equal",
                         std::string("a single ") + first);
    text.remove_prefix(or_equal ? 2 : 1);
    switch (first) {
        case '<':
            return or_equal ? comparison::less_equal : comparison::less;
        case '>':
            return or_equal ? comparison::greater_equal : comparison::greater;
        default:
            return first == '=' ? comparison::equal : comparison::not_equal;
    }
}

}  // namespace detail

/// The condition that a text says: a name, one of < <= > >= == !=, and a finite decimal number;
/// blanks between them are free. Throws `settings` for every other text.
inline condition parse_condition(std::string_view text) {
    constexpr const char* k_form = "NAME < NUMBER (or <=, >, >=, ==, !=)";
    const std::size_t at = text.find_first_of("<>=!");
    if (at == std::string_view::npos) detail::refuse_condition(text, k_form, "no comparison in it");
    const std::string_view name = detail::trimmed(text.substr(0, at));
    if (name.empty()) detail::refuse_condition(text, k_form, "no name before the comparison");
    std::string_view rest = text.substr(at);
    const comparison compare = detail::take_comparison(text, rest);
    const std::string_view number = detail::trimmed(rest);
    if (!detail::is_decimal(number))
        detail::refuse_condition(text, "a finite decimal number after the comparison",
                                 number.empty() ? "nothing" : detail::shown(number));
    const double limit = detail::decimal_value(number);
    if (!std::isfinite(limit))
        detail::refuse_condition(text, "a number that a double can hold, at most about 1.8e308",
                                 detail::shown(number));
    return {std::string(name), compare, limit};
}

}  // namespace nb201store
