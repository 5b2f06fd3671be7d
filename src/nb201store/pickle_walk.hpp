// The outer structure of a benchmark's file, handed out while it is read.
//
//   {"meta_archs": [...], "arch2infos": {0: state, 1: state, ...}, "evaluated_indexes": [...]}
//
// A pickle writes the items of a dict in batches, each key before its value. The value of a cell is
// complete when the next key begins (an int, while the keys inside of a cell are texts) or when the
// batch is stored: then it is handed out instead of stored, and forgotten. Entries of the outermost
// dict are handed out at the latest when they would be stored, at the earliest when the cells
// begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pickle_finish.hpp"
#include "pickle_state.hpp"

namespace nb201store::pickle {

/// What a reader hands out.
struct item {
    enum class place : std::uint8_t {
        whole,  ///< an object that is not a dict; no key
        entry,  ///< an entry of the outermost dict
        cell,   ///< an entry of its "arch2infos"
    };
    place where = place::whole;
    value key;
    value object;
};

class outer_walk {
  public:
    explicit outer_walk(machine_state& state)
        : state_(state), arch2infos_(state.texts.known("arch2infos")) {}

    std::vector<item> ready;

    /// Start a pickle; `streaming` false keeps everything for one object.
    void begin(bool streaming) {
        ready.clear();
        streaming_ = streaming;
        outermost_ = cells_ = k_none;
        boundary_ = 0;
        handed_out_ = 0;
        began_ = entries_ = forget_due_ = false;
    }

    /// Cells that were handed out.
    std::uint64_t handed_out() const noexcept { return handed_out_; }
    /// Whether there was a dict of cells.
    bool began() const noexcept { return began_; }

    /// Container of the outermost dict; `kind::none` if there is none.
    kind container() const noexcept {
        return outermost_ == k_none ? kind::none : state_.objects.nodes[outermost_].type;
    }

    /// A dict was made and lies on top of the stack.
    void dict_made() {
        if (!streaming_ || began_) return;
        const std::vector<value>& stack = state_.stack;
        if (stack.size() == 1) {
            if (state_.marks.empty() && outermost_ == k_none) outermost_ = stack[0].index;
            return;
        }
        const bool batch = state_.marks.size() == 1 && state_.marks[0] == 1;
        const bool single = state_.marks.empty() && stack.size() == 3;
        if (stack.size() % 2 == 0 || !(batch || single) || !is_outermost(0)) return;
        const value key = stack[stack.size() - 2];
        if (key.type == kind::text && key.index == arch2infos_) begin_cells();
    }

    /// An int lies on top of the stack: perhaps the key behind a cell.
    void integer_pushed() {
        if (state_.stack.size() == boundary_) end_cell();
    }

    /// Keys and values from height `first` on are to be stored in the dict below. Returns false
    /// where it is one like any other.
    bool take(std::size_t dict_place, std::size_t first) {
        if (!streaming_) return false;
        const std::uint32_t index = state_.stack[dict_place].index;
        if (index == outermost_) {
            if (dict_place != 0) refuse("it changes the outermost dict from within");
            hand_out(item::place::entry, first, state_.stack.size());
            cells_ = k_none;
            boundary_ = 0;
        } else if (index == cells_) {
            if (dict_place != k_cells_place) refuse("it changes arch2infos from within");
            hand_out(item::place::cell, first, state_.stack.size());
        } else {
            return false;
        }
        state_.stack.resize(first);
        return true;
    }

    /// STOP: the one object left is `last`. What was handed out must have been its entries.
    void end(const value& last) {
        if (streaming_ && is_dict(last.type) && last.index == outermost_) return;
        if (entries_) refuse("the outermost dict became a part of something else");
        finish(state_, last);
        ready.push_back({item::place::whole, {}, last});
    }

    /// What was ready has been used: forget the cells among it.
    void used() {
        ready.clear();
        if (!forget_due_) return;
        forget_due_ = false;
        state_.memo.forget_nodes(state_.kept_nodes);
        state_.objects.rewind(kept_);
    }

  private:
    static constexpr std::uint32_t k_none = ~std::uint32_t{0};
    // The stack is: the outermost dict, the key "arch2infos", the dict of cells.
    static constexpr std::size_t k_cells_place = 2;

    bool is_outermost(std::size_t place) const {
        const value& there = state_.stack[place];
        return is_dict(there.type) && there.index == outermost_;
    }

    void begin_cells() {
        std::vector<value>& stack = state_.stack;
        hand_out(item::place::entry, 1, stack.size() - 2);
        stack.erase(stack.begin() + 1, stack.end() - 2);
        cells_ = stack[k_cells_place].index;
        boundary_ = k_cells_place + 4;
        kept_ = state_.objects.here();
        state_.kept_nodes = static_cast<std::uint32_t>(kept_.nodes);
        began_ = true;
    }

    void end_cell() {
        std::vector<value>& stack = state_.stack;
        const bool in_cells = is_dict(stack[k_cells_place].type) &&
                              stack[k_cells_place].index == cells_ && !state_.marks.empty() &&
                              state_.marks.back() == k_cells_place + 1;
        if (!in_cells || stack[k_cells_place + 1].type != kind::integer ||
            !is_dict(stack[k_cells_place + 2].type))
            return;
        hand_out(item::place::cell, k_cells_place + 1, k_cells_place + 3);
        stack.erase(stack.end() - 3, stack.end() - 1);
    }

    void hand_out(item::place where, std::size_t from, std::size_t to) {
        if ((to - from) % 2 != 0) refuse("not a sound pickle: a key without a value");
        for (std::size_t i = from; i < to; i += 2) {
            const value key = state_.stack[i], object = state_.stack[i + 1];
            state_.check_key(key);
            finish(state_, object);
            ready.push_back({where, key, object});
        }
        if (where == item::place::cell) {
            handed_out_ += (to - from) / 2;
            forget_due_ = true;
        } else {
            entries_ = entries_ || to != from;
        }
    }

    machine_state& state_;
    std::uint32_t arch2infos_;
    bool streaming_ = false;
    bool began_ = false;
    bool entries_ = false;
    bool forget_due_ = false;
    std::uint32_t outermost_ = k_none;
    std::uint32_t cells_ = k_none;
    std::size_t boundary_ = 0;
    std::uint64_t handed_out_ = 0;
    arena::position kept_;
};

}  // namespace nb201store::pickle
