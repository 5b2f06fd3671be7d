// Integers that a batch question is asked with: an array of any width, or one number for every
// element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace nb201store {

/// A view: it does not own what it points to.
class integers {
  public:
    template <class T>
    integers(const T* data, std::size_t count) noexcept
        : data_(data), count_(count), type_(type_of<T>()) {}

    /// One value, `count` times.
    static integers repeated(std::int64_t value, std::size_t count) noexcept {
        integers one(static_cast<const std::int64_t*>(nullptr), count);
        one.value_ = value;
        one.repeated_ = true;
        return one;
    }

    /// The first element, `count` times. REQUIRES: size() > 0.
    integers spread(std::size_t count) const noexcept {
        integers one = *this;
        one.count_ = count;
        one.repeated_ = true;
        return one;
    }

    std::size_t size() const noexcept { return count_; }
    bool is_repeated() const noexcept { return repeated_; }

    /// Call f(T value) for elements begin..end - 1 in order, T being their type.
    /// REQUIRES: end <= size().
    template <class F>
    void each(std::size_t begin, std::size_t end, const F& f) const {
        if (data_ == nullptr) {
            for (std::size_t i = begin; i < end; ++i) f(value_);
            return;
        }
        with_type([&](auto zero) {
            const auto* from = static_cast<const decltype(zero)*>(data_);
            if (repeated_)
                for (std::size_t i = begin; i < end; ++i) f(from[0]);
            else
                for (std::size_t i = begin; i < end; ++i) f(from[i]);
        });
    }

    /// An element; beyond int64 the largest int64, which is out of every range asked for.
    std::int64_t operator[](std::size_t place) const {
        std::int64_t out = 0;
        each(place, place + 1, [&](auto value) { out = clamped(value); });
        return out;
    }

    /// An element as it appears in an error.
    std::string text(std::size_t place) const {
        std::string out;
        each(place, place + 1, [&](auto value) { out = std::to_string(value); });
        return out;
    }

    /// As `operator[]` clamps.
    template <class T>
    static std::int64_t clamped(T value) noexcept {
        constexpr auto most = std::numeric_limits<std::int64_t>::max();
        if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8)
            return value > static_cast<std::uint64_t>(most) ? most
                                                            : static_cast<std::int64_t>(value);
        else
            return value;
    }

  private:
    enum class type : std::uint8_t { i8, i16, i32, i64, u8, u16, u32, u64 };

    template <class T>
    static constexpr type type_of() noexcept {
        static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>);
        constexpr unsigned width = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
        return static_cast<type>((std::is_unsigned_v<T> ? 4 : 0) + width);
    }

    template <class F>
    void with_type(const F& f) const {
        switch (type_) {
            case type::i8:
                return f(std::int8_t{});
            case type::i16:
                return f(std::int16_t{});
            case type::i32:
                return f(std::int32_t{});
            case type::i64:
                return f(std::int64_t{});
            case type::u8:
                return f(std::uint8_t{});
            case type::u16:
                return f(std::uint16_t{});
            case type::u32:
                return f(std::uint32_t{});
            case type::u64:
                return f(std::uint64_t{});
        }
    }

    const void* data_;  ///< null where `value_` stands for all
    std::size_t count_;
    std::int64_t value_ = 0;
    type type_;
    bool repeated_ = false;
};

}  // namespace nb201store
