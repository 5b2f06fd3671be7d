// What a pickle may ask for at most. Official files stay far below; a hostile one ends here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace nb201store::pickle {

/// Bytes taken from a source at once.
constexpr std::size_t k_block = std::size_t{1} << 20;
/// The longest text or bytes object: network weights pickled as bytes take 6 MB.
constexpr std::size_t k_longest = std::size_t{1} << 26;
/// Bytes objects longer than this are not kept: of those an official file has only pickled weights
/// (a numpy scalar has 8 bytes, the smallest storage some 300).
constexpr std::size_t k_kept_object = 128;
/// The longest line of a GLOBAL or of a decimal memo index, and the longest integer, in bytes.
constexpr std::size_t k_line = 256;
constexpr std::size_t k_long = 255;
/// Texts kept for good: longer ones are forgotten with their architecture.
constexpr std::size_t k_kept_length = 4096;
constexpr std::size_t k_kept_texts = std::size_t{1} << 20;
constexpr std::size_t k_kept_bytes = std::size_t{1} << 26;
/// Values on the stack (a pickler writes batches of 1000), and open marks.
constexpr std::size_t k_stack = std::size_t{1} << 20;
constexpr std::size_t k_marks = 256;
/// How deep what is handed out may be nested.
constexpr std::size_t k_depth = 64;
/// Memory for the values of one architecture, and for all outside of the architectures.
constexpr std::size_t k_arena = std::size_t{1} << 28;
/// Entries of the memo; a genuine single file has about 2e8. And those of one architecture, or of
/// all outside of the architectures: a genuine one has about 13,000.
constexpr std::size_t k_memo = std::size_t{1} << 29;
constexpr std::size_t k_memo_new = std::size_t{1} << 24;
/// Different sequences of keys, and their keys in all.
constexpr std::size_t k_orders = std::size_t{1} << 16;
constexpr std::size_t k_order_keys = std::size_t{1} << 23;
/// Steps of one look-up in a hash table: more of them come only of keys chosen to collide.
constexpr std::size_t k_probes = 1024;

/// Why a pickle is not read on; where and of what is added by the reader.
class refusal : public std::runtime_error {
  public:
    explicit refusal(const std::string& why, bool cut = false)
        : std::runtime_error(why), cut_(cut) {}

    /// Whether the data ended; else it is the opcode that is refused.
    bool cut() const noexcept { return cut_; }

  private:
    bool cut_;
};

[[noreturn]] inline void refuse(const std::string& why) { throw refusal(why); }

}  // namespace nb201store::pickle
