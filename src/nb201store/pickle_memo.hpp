// The memo of a pickle: what a later opcode may refer back to, at 4 bytes an entry and mostly less.
//
// A genuine single file memoises 2e8 objects and refers back across architectures, but only to what
// is kept for good: texts and names. Chunks that are complete are packed into runs where that is
// smaller: keys were numbered in the sequence in which they come, so a run of texts counts up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pickle_limits.hpp"
#include "pickle_values.hpp"

namespace nb201store::pickle {

/// A memo entry: 3 bits say what it is, 29 which one.
class memo_code {
  public:
    enum class tag : std::uint32_t { special, text, node, function };

    constexpr memo_code() = default;
    constexpr memo_code(tag type, std::uint32_t index)
        : word_(static_cast<std::uint32_t>(type) << 29U | index) {}
    static constexpr memo_code forgotten() { return {tag::special, 255}; }

    constexpr tag type() const { return static_cast<tag>(word_ >> 29U); }
    constexpr std::uint32_t index() const { return word_ & ((1U << 29U) - 1); }
    constexpr bool operator==(const memo_code& other) const { return word_ == other.word_; }
    /// The code of the entry `steps` further in a run.
    constexpr memo_code further(std::uint32_t steps) const {
        return type() == tag::text ? memo_code(tag::text, index() + steps) : *this;
    }

  private:
    std::uint32_t word_ = static_cast<std::uint32_t>(tag::special) << 29U | 255U;
};

class memo_table {
  public:
    std::size_t size() const noexcept { return size_; }

    void put(std::size_t index, memo_code code) {
        if (index >= size_) {
            // Picklers number without gaps; a gap would ask for memory that no bytes were given
            // for.
            if (index > size_) refuse("a memo index beyond the next, " + std::to_string(size_));
            if (index == k_memo) refuse("more memo entries than any official file has");
            if (++new_ > k_memo_new) refuse("more than 16 million memo entries in one object");
            size_ = index + 1;
            if (index / k_chunk == chunks_.size()) chunks_.emplace_back();
        }
        chunk& changed = chunks_[index / k_chunk];
        if (!changed.touched) touch(index / k_chunk);
        changed.dense[index % k_chunk] = code;
    }

    memo_code get(std::size_t index) const {
        if (index >= size_)
            refuse("memo entry " + std::to_string(index) + " is read but was never written");
        const chunk& asked = chunks_[index / k_chunk];
        const auto place = static_cast<std::uint32_t>(index % k_chunk);
        if (asked.dense) return asked.dense[place];
        // The last run that begins at or before the place.
        std::size_t low = 0, high = asked.run_count;
        while (high - low > 1) {
            const std::size_t middle = (low + high) / 2;
            (asked.runs[middle].first <= place ? low : high) = middle;
        }
        return asked.runs[low].code.further(place - asked.runs[low].first);
    }

    /// Forget the nodes from number `kept` on, and pack what was written since the last call.
    void forget_nodes(std::uint32_t kept) {
        for (const std::size_t number : touched_) {
            chunk& written = chunks_[number];
            for (std::size_t i = 0; i < k_chunk; ++i)
                if (written.dense[i].type() == memo_code::tag::node &&
                    written.dense[i].index() >= kept)
                    written.dense[i] = memo_code::forgotten();
            written.touched = false;
            // The last chunk is about to be written to again.
            if (number + 1 < chunks_.size()) pack(written);
        }
        touched_.clear();
        new_ = 0;
        if (!chunks_.empty()) touch(chunks_.size() - 1);
    }

    void clear() {
        chunks_.clear();
        touched_.clear();
        size_ = new_ = 0;
    }

    /// Memory held, in bytes, the table of chunks left out.
    std::size_t bytes() const noexcept {
        std::size_t held = 0;
        for (const chunk& of : chunks_)
            held += of.dense ? k_chunk * sizeof(memo_code) : of.run_count * sizeof(run);
        return held;
    }

  private:
    static constexpr std::size_t k_chunk = 4096;

    struct run {
        std::uint32_t first = 0;
        memo_code code;
    };
    struct chunk {
        std::unique_ptr<memo_code[]> dense;
        std::unique_ptr<run[]> runs;
        std::size_t run_count = 0;
        bool touched = false;
    };

    void touch(std::size_t number) {
        chunk& written = chunks_[number];
        if (!written.dense) unpack(written);
        written.touched = true;
        touched_.push_back(number);
    }

    static void unpack(chunk& packed) {
        packed.dense = std::make_unique<memo_code[]>(k_chunk);
        for (std::size_t r = 0; r < packed.run_count; ++r) {
            const std::size_t end =
                r + 1 < packed.run_count ? packed.runs[r + 1].first : std::size_t{k_chunk};
            for (std::size_t i = packed.runs[r].first; i < end; ++i)
                packed.dense[i] = packed.runs[r].code.further(
                    static_cast<std::uint32_t>(i - packed.runs[r].first));
        }
        packed.runs.reset();
        packed.run_count = 0;
    }

    static void pack(chunk& full) {
        std::vector<run> runs;
        for (std::uint32_t i = 0; i < k_chunk; ++i) {
            if (!runs.empty() && runs.back().code.further(i - runs.back().first) == full.dense[i])
                continue;
            if (2 * runs.size() >= k_chunk) return;
            runs.push_back({i, full.dense[i]});
        }
        full.runs = std::make_unique<run[]>(runs.size());
        std::copy(runs.begin(), runs.end(), full.runs.get());
        full.run_count = runs.size();
        full.dense.reset();
    }

    std::vector<chunk> chunks_;
    std::vector<std::size_t> touched_;
    std::size_t size_ = 0;
    std::size_t new_ = 0;  ///< since nodes were last forgotten
};

}  // namespace nb201store::pickle
