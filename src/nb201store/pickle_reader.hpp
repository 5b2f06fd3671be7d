// Reads the pickles of official files: all of it in bounded memory, nothing of it run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "error.hpp"
#include "pickle_bytes.hpp"
#include "pickle_machine.hpp"
#include "pickle_state.hpp"
#include "pickle_walk.hpp"

namespace nb201store::pickle {

/// One pickle after another of a source. What an item holds lies in `state()` until the next call.
///
/// Throws `error` of `errc::source`: what, why, at which byte, after how many architectures. After
/// an error nothing more can be read.
class reader {
  public:
    reader(pull_function pull, std::string what) { open(std::move(pull), std::move(what)); }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    /// Go on with another source. Texts and orders of keys keep their numbers.
    void open(pull_function pull, std::string what) {
        source_ = std::make_unique<byte_reader>(std::move(pull));
        what_ = std::move(what);
        running_ = broken_ = false;
    }

    /// Start the next pickle. `streaming` hands out its parts, else it comes whole.
    void begin(bool streaming) {
        guard([&] {
            state_.clear();
            walk_.begin(streaming);
            used_ = 0;
            running_ = true;
            machine_.begin(*source_);
        });
    }

    /// The next item of the pickle; false at its end. REQUIRES: a pickle was begun.
    bool next(item& out) {
        if (used_ == walk_.ready.size()) {
            walk_.used();
            used_ = 0;
            if (!running_) return false;
            guard([&] { running_ = machine_.run(*source_); });
            if (walk_.ready.empty()) return false;
        }
        out = walk_.ready[used_++];
        return true;
    }

    /// Hand out weights as what they were made of, not as placeholders.
    void keep_weights() noexcept { state_.keep_weights = true; }

    const machine_state& state() const noexcept { return state_; }
    /// Bytes of the source that were read.
    std::uint64_t offset() const noexcept { return source_->offset(); }
    std::uint64_t cells() const noexcept { return walk_.handed_out(); }
    /// Container of the pickle's outermost dict, known when its first entry was handed out;
    /// `kind::none` if it is not a dict.
    kind container() const noexcept { return walk_.container(); }
    const std::string& what() const noexcept { return what_; }

    /// Whether nothing is left behind the pickles that were read.
    bool at_end() { return source_->at_end(); }

  private:
    template <class Work>
    void guard(const Work& work) {
        if (broken_) throw error(errc::source, what_ + ": nothing can be read after an error");
        broken_ = true;
        try {
            work();
        } catch (const refusal& why) {
            const std::uint64_t place = why.cut() ? source_->offset() : machine_.at();
            std::string where = "byte " + std::to_string(place);
            if (walk_.began()) {
                const std::uint64_t cells = walk_.handed_out();
                where += ", after " + std::to_string(cells) +
                         (cells == 1 ? " architecture" : " architectures");
            }
            throw error(errc::source, what_ + ": " + why.what() + " (" + where + ")", {}, place);
        }
        broken_ = false;
    }

    machine_state state_;
    outer_walk walk_{state_};
    machine machine_{state_, walk_};
    std::unique_ptr<byte_reader> source_;
    std::string what_;
    std::size_t used_ = 0;
    bool running_ = false;
    bool broken_ = false;
};

}  // namespace nb201store::pickle
