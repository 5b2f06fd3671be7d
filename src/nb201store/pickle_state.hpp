// What a pickle machine works on: stack, marks, memo, arena, and the tables that outlive a pickle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pickle_limits.hpp"
#include "pickle_memo.hpp"
#include "pickle_orders.hpp"
#include "pickle_texts.hpp"
#include "pickle_values.hpp"

namespace nb201store::pickle {

struct machine_state {
    text_table texts;
    order_table orders;
    arena objects;
    memo_table memo;
    std::vector<value> stack;
    std::vector<std::size_t> marks;  ///< heights of the stack
    bool keep_weights = false;       ///< as nodes; else they are placeholders
    struct storage_size {
        std::uint32_t type;
        std::int64_t count;
    };
    std::unordered_map<std::uint32_t, storage_size> storages;  ///< by number of their key text
    std::uint32_t kept_nodes = 0;  ///< nodes before this outlive the present architecture

    void clear() {
        objects.rewind({});
        memo.clear();
        stack.clear();
        marks.clear();
        storages.clear();
        kept_nodes = 0;
    }

    // Members are written where they stay. Made elsewhere first, a value would be copied as a whole
    // right after its members were written one by one, and the processor waits for them then: that
    // was a quarter of the time of reading.
    void push(kind type, std::uint32_t index) {
        value& top = grown();
        top.type = type;
        top.index = index;
    }
    void push_integer(std::int64_t integer) {
        value& top = grown();
        top.type = kind::integer;
        top.integer = integer;
    }
    void push_real(double real) {
        value& top = grown();
        top.type = kind::real;
        top.real = real;
    }
    void push(const value& pushed) { grown() = pushed; }

    void mark() {
        if (marks.size() == k_marks) refuse("collections nested more than 256 deep");
        marks.push_back(stack.size());
    }

    /// Height of the stack at the last mark, which is taken away.
    std::size_t take_mark() {
        if (marks.empty()) refuse("not a sound pickle: no mark to go back to");
        const std::size_t height = marks.back();
        marks.pop_back();
        return height;
    }

    /// The top `count` values, which must lie above the last mark.
    value* top(std::size_t count) {
        const std::size_t floor = marks.empty() ? 0 : marks.back();
        if (stack.size() < floor + count) refuse("not a sound pickle: the stack is too short");
        return stack.data() + (stack.size() - count);
    }

    void drop(std::size_t count) { stack.resize(stack.size() - count); }

    void push_text(const std::uint8_t* bytes, std::size_t size) {
        const std::uint32_t number = texts.number(bytes, size);
        if (number != text_table::k_absent) return push(kind::text, number);
        if (!is_utf8(bytes, size)) refuse("a text that is not valid UTF-8");
        push(objects.make_bytes(kind::long_text, bytes, size));
    }

    void push_integer(const std::uint8_t* bytes, std::size_t size) {
        if (size > 8) return push(objects.make_bytes(kind::long_integer, bytes, size));
        std::uint64_t word = size != 0 && (bytes[size - 1] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = size; i-- > 0;) word = word << 8U | bytes[i];
        push_integer(static_cast<std::int64_t>(word));
    }

    std::string_view text_of(const value& text) const {
        if (text.type == kind::text) return texts[text.index];
        const node& held = objects.nodes[text.index];
        // SAFETY: any object may be read as char.
        return {reinterpret_cast<const char*>(objects.bytes.data() + held.first), held.size};
    }

    void put(std::size_t index) { memo.put(index, remembered(*top(1))); }

    void get(std::size_t index) {
        const memo_code code = memo.get(index);
        switch (code.type()) {
            case memo_code::tag::text:
                return push(kind::text, code.index());
            case memo_code::tag::function:
                return push(kind::function, code.index());
            case memo_code::tag::node: {
                const node& held = objects.nodes[code.index()];
                if (held.type == kind::boxed) return push(objects.values[held.first]);
                return push(held.type, code.index());
            }
            case memo_code::tag::special:
                break;
        }
        if (code == memo_code::forgotten())
            refuse("memo entry " + std::to_string(index) +
                   " is of an earlier architecture and was forgotten");
        push(static_cast<kind>(code.index() & 255U), code.index() >> 8U);
    }

    /// Add to a list, set or dict. Refuses what was handed out, or outlives the architecture.
    void extend(const value& grown, const value* from, std::size_t count) {
        const node& changed = objects.nodes[grown.index];
        if (grown.index < kept_nodes || changed.height != 0)
            refuse("it changes an object that was complete");
        objects.extend(grown.index, from, count);
    }

    /// Refuse a key that is not a str, an int or a tuple of them: what is hashed must be flat.
    void check_key(const value& key) const {
        if (is_scalar_key(key)) return;
        if (key.type != kind::tuple) refuse("a key that is neither a str, an int nor a tuple");
        const node& held = objects.nodes[key.index];
        for (std::size_t i = 0; i < held.size; ++i)
            if (!is_scalar_key(objects.values[held.first + i]))
                refuse("a key that is a tuple of something else than str and int");
    }

  private:
    value& grown() {
        if (stack.size() == k_stack) refuse("more than a million objects in one collection");
        return stack.emplace_back();
    }

    static bool is_scalar_key(const value& key) noexcept {
        return key.type == kind::text || key.type == kind::integer || key.type == kind::long_text;
    }

    memo_code remembered(const value& top) {
        if (top.type == kind::text) return {memo_code::tag::text, top.index};
        if (top.type == kind::function) return {memo_code::tag::function, top.index};
        if (is_node(top.type)) return {memo_code::tag::node, top.index};
        if (top.type != kind::integer && top.type != kind::real && top.type != kind::real64)
            return {memo_code::tag::special,
                    static_cast<std::uint32_t>(top.type) | top.index << 8U};
        const value box = objects.make(kind::boxed);
        objects.extend(box.index, &top, 1);
        return {memo_code::tag::node, box.index};
    }
};

}  // namespace nb201store::pickle
