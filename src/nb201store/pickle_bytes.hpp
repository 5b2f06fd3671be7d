// The bytes of a pickle, pulled from a source block by block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "pickle_limits.hpp"

namespace nb201store::pickle {

/// Writes up to `size` bytes to `to` and returns how many; 0 at the end. May throw.
using pull_function = std::function<std::size_t(std::uint8_t* to, std::size_t size)>;

class byte_reader {
  public:
    explicit byte_reader(pull_function pull)
        : pull_(std::move(pull)),
          buffer_(new std::uint8_t[k_block]),
          cursor_(buffer_.get()),
          end_(cursor_) {}
    byte_reader(const byte_reader&) = delete;
    byte_reader& operator=(const byte_reader&) = delete;

    /// How many bytes were taken.
    std::uint64_t offset() const noexcept {
        return before_ + static_cast<std::uint64_t>(cursor_ - buffer_.get());
    }

    std::uint8_t byte() {
        if (cursor_ == end_) fetch(1);
        return *cursor_++;
    }

    /// The next `size` bytes, valid until the next call. Memory grows with bytes that came, not
    /// with bytes that were announced.
    const std::uint8_t* take(std::size_t size) {
        if (static_cast<std::size_t>(end_ - cursor_) < size) fetch(size);
        const std::uint8_t* taken = cursor_;
        cursor_ += size;
        return taken;
    }

    /// Pass over the next `size` bytes.
    void skip(std::size_t size) {
        while (size != 0) {
            if (cursor_ == end_) fetch(1);
            const std::size_t passed = std::min(size, static_cast<std::size_t>(end_ - cursor_));
            cursor_ += passed;
            size -= passed;
        }
    }

    /// A line without its newline, valid until the next call; refused if longer than k_line.
    std::pair<const char*, std::size_t> line() {
        std::size_t size = 0;
        while (true) {
            if (size == k_line) refuse("a line of more than 256 bytes");
            if (static_cast<std::size_t>(end_ - cursor_) == size) fetch(size + 1);
            if (cursor_[size] == '\n') break;
            ++size;
        }
        // SAFETY: any object may be read as char.
        const char* text = reinterpret_cast<const char*>(cursor_);
        cursor_ += size + 1;
        return {text, size};
    }

    /// Whether nothing is left; asks the source.
    bool at_end() { return cursor_ == end_ && !pull_more(0); }

  private:
    void fetch(std::size_t size) {
        while (static_cast<std::size_t>(end_ - cursor_) < size) {
            if (pull_more(size)) continue;
            cursor_ = end_;
            throw refusal("the data end in the middle of a pickle: truncated file", true);
        }
    }

    bool pull_more(std::size_t wanted) {
        const auto left = static_cast<std::size_t>(end_ - cursor_);
        before_ += static_cast<std::uint64_t>(cursor_ - buffer_.get());
        if (left < wanted && left > size_ / 2) {
            std::unique_ptr<std::uint8_t[]> larger(new std::uint8_t[2 * size_]);
            std::memcpy(larger.get(), cursor_, left);
            buffer_ = std::move(larger);
            size_ *= 2;
        } else {
            std::memmove(buffer_.get(), cursor_, left);
        }
        cursor_ = buffer_.get();
        end_ = cursor_ + left;
        const std::size_t came = pull_(buffer_.get() + left, size_ - left);
        end_ += came;
        return came != 0;
    }

    pull_function pull_;
    std::size_t size_ = k_block;
    std::unique_ptr<std::uint8_t[]> buffer_;  // a vector would write zeros to it first
    const std::uint8_t* cursor_;
    const std::uint8_t* end_;
    std::uint64_t before_ = 0;
};

}  // namespace nb201store::pickle
