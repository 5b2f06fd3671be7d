// The pickle machine: what each opcode does. It can build data and call nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "load.hpp"
#include "pickle_bytes.hpp"
#include "pickle_functions.hpp"
#include "pickle_opcodes.hpp"
#include "pickle_state.hpp"
#include "pickle_walk.hpp"

namespace nb201store::pickle {

class machine {
  public:
    machine(machine_state& state, outer_walk& walk) : state_(state), walk_(walk) {}

    /// Where the opcode begins that is being run.
    std::uint64_t at() const noexcept { return at_; }

    /// Begin a pickle: its first opcode says the protocol.
    void begin(byte_reader& source) {
        at_ = source.offset();
        const std::uint8_t code = source.byte();
        if (code != static_cast<std::uint8_t>(opcode::proto))
            refuse("not a pickle of protocol 2 to 5: its first byte is not that of PROTO");
        check_protocol(source);
    }

    /// Run until something is ready (true) or the pickle ends (false).
    bool run(byte_reader& source) {
        while (true) {
            at_ = source.offset();
            const std::uint8_t code = source.byte();
            if (static_cast<opcode>(code) == opcode::stop) {
                stop();
                return false;
            }
            step(source, code);
            if (!walk_.ready.empty()) return true;
        }
    }

  private:
    void step(byte_reader& source, std::uint8_t code) {
        machine_state& state = state_;
        switch (static_cast<opcode>(code)) {
            case opcode::binunicode:
                return text(source, nb201store::detail::load_u32(source.take(4)));
            case opcode::long_binput:
                return state.put(nb201store::detail::load_u32(source.take(4)));
            case opcode::binfloat:
                return state.push_real(big_endian(source.take(8)));
            case opcode::binint1:
                return integer(source.byte());
            case opcode::binint2:
                return integer(nb201store::detail::load_u16(source.take(2)));
            case opcode::short_binunicode:
                return text(source, source.byte());
            case opcode::memoize:
                return state.put(state.memo.size());
            case opcode::binput:
                return state.put(source.byte());
            case opcode::binget:
                return get(source.byte());
            case opcode::long_binget:
                return get(nb201store::detail::load_u32(source.take(4)));
            case opcode::mark:
                return state.mark();
            case opcode::setitems:
                return set_items();
            case opcode::setitem:
                state.top(3);
                return store_items(state.stack.size() - 3, state.stack.size() - 2);
            case opcode::empty_dict:
                state.push(state.objects.make(kind::dict));
                return walk_.dict_made();
            case opcode::none:
                return state.push(kind::none, 0);
            case opcode::newtrue:
                return state.push(kind::yes, 0);
            case opcode::newfalse:
                return state.push(kind::no, 0);
            case opcode::binint:
                // SAFETY of the cast: two's complement on every compiler that knows C++17.
                return integer(
                    static_cast<std::int32_t>(nb201store::detail::load_u32(source.take(4))));
            case opcode::long1:
                return long_integer(source, source.byte());
            case opcode::long4:
                return long_integer(source, nb201store::detail::load_u32(source.take(4)));
            case opcode::empty_list:
                return state.push(state.objects.make(kind::list));
            case opcode::append:
                state.top(2);
                return append(state.stack.size() - 1, kind::list);
            case opcode::appends:
                return append(state.take_mark(), kind::list);
            case opcode::empty_set:
                return state.push(state.objects.make(kind::set));
            case opcode::additems:
                return append(state.take_mark(), kind::set);
            default:
                return step_further(source, code);
        }
    }

    void step_further(byte_reader& source, std::uint8_t code) {
        machine_state& state = state_;
        switch (static_cast<opcode>(code)) {
            case opcode::empty_tuple:
                return tuple(state.stack.size());
            case opcode::tuple1:
            case opcode::tuple2:
            case opcode::tuple3: {
                const std::size_t count = code - static_cast<unsigned>(opcode::tuple1) + 1U;
                state.top(count);
                return tuple(state.stack.size() - count);
            }
            case opcode::tuple:
                return tuple(state.take_mark());
            case opcode::global:
                return global(source);
            case opcode::stack_global:
                return stack_global();
            case opcode::reduce:
                reduce(state);
                if (is_dict(state.stack.back().type)) walk_.dict_made();
                return;
            case opcode::build:
                return build(state);
            case opcode::binpersid:
                return outside_object();
            case opcode::binunicode8:
                return text(source, nb201store::detail::load_u64(source.take(8)));
            case opcode::binbytes:
                return bytes(source, nb201store::detail::load_u32(source.take(4)));
            case opcode::short_binbytes:
                return bytes(source, source.byte());
            case opcode::binbytes8:
                return bytes(source, nb201store::detail::load_u64(source.take(8)));
            case opcode::put:
                return state.put(decimal(source));
            case opcode::get:
                return get(decimal(source));
            case opcode::proto:
                return check_protocol(source);
            case opcode::frame:
                if (nb201store::detail::load_u64(source.take(8)) > k_longest + k_block)
                    refuse("a frame of more than 65 MiB");
                return;
            default:
                refuse_opcode(code);
        }
    }

    static void check_protocol(byte_reader& source) {
        const std::uint8_t protocol = source.byte();
        if (protocol < 2 || protocol > 5)
            refuse("expected a pickle of protocol 2 to 5, found " + std::to_string(protocol));
    }

    static double big_endian(const std::uint8_t* bytes) noexcept {
        std::uint64_t word = 0;
        for (int i = 0; i < 8; ++i) word = word << 8U | bytes[i];
        double real = 0;
        std::memcpy(&real, &word, sizeof real);
        return real;
    }

    static std::size_t bounded(std::uint64_t size) {
        if (size > k_longest) refuse("a text or bytes of more than 64 MiB");
        return static_cast<std::size_t>(size);
    }

    void text(byte_reader& source, std::uint64_t announced) {
        const std::size_t size = bounded(announced);
        state_.push_text(source.take(size), size);
    }

    void bytes(byte_reader& source, std::uint64_t announced) {
        const std::size_t size = bounded(announced);
        if (size > k_kept_object) {
            const std::uint64_t offset = source.offset();
            source.skip(size);
            return state_.push(state_.objects.make_outside(offset, size));
        }
        state_.push(state_.objects.make_bytes(kind::bytes, source.take(size), size));
    }

    void integer(std::int64_t number) {
        state_.push_integer(number);
        walk_.integer_pushed();
    }

    void long_integer(byte_reader& source, std::uint32_t size) {
        if (size > k_long) refuse("an int of more than 255 bytes");
        state_.push_integer(source.take(size), size);
        if (state_.stack.back().type == kind::integer) walk_.integer_pushed();
    }

    void get(std::size_t index) {
        state_.get(index);
        if (state_.stack.back().type == kind::integer) walk_.integer_pushed();
    }

    static std::size_t decimal(byte_reader& source) {
        const auto [digits, size] = source.line();
        std::size_t number = 0;
        if (size == 0 || size > 10) refuse("not a sound pickle: a memo index that is no number");
        for (std::size_t i = 0; i < size; ++i) {
            if (digits[i] < '0' || digits[i] > '9')
                refuse("not a sound pickle: a memo index that is no number");
            number = number * 10 + static_cast<std::size_t>(digits[i] - '0');
        }
        return number;
    }

    void tuple(std::size_t from) {
        machine_state& state = state_;
        const value made = state.objects.make(kind::tuple);
        state.objects.extend(made.index, state.stack.data() + from, state.stack.size() - from);
        state.stack.resize(from);
        state.push(made);
    }

    /// APPEND, APPENDS, ADDITEMS: what lies from height `from` on goes into the object below.
    void append(std::size_t from, kind expected) {
        machine_state& state = state_;
        if (from <= (state.marks.empty() ? 0 : state.marks.back()))
            refuse("not a sound pickle: the stack is too short");
        const value grown = state.stack[from - 1];
        if (grown.type != expected) refuse("not a sound pickle: it appends to another object");
        if (expected == kind::set)
            for (std::size_t i = from; i < state.stack.size(); ++i) state.check_key(state.stack[i]);
        state.extend(grown, state.stack.data() + from, state.stack.size() - from);
        state.stack.resize(from);
    }

    void set_items() {
        const std::size_t from = state_.take_mark();
        if (from <= (state_.marks.empty() ? 0 : state_.marks.back()))
            refuse("not a sound pickle: the stack is too short");
        store_items(from - 1, from);
    }

    void store_items(std::size_t dict_place, std::size_t from) {
        machine_state& state = state_;
        const value dict = state.stack[dict_place];
        if (!is_dict(dict.type)) refuse("not a sound pickle: it sets items of another object");
        if (walk_.take(dict_place, from)) return;
        const std::size_t count = state.stack.size() - from;
        if (count % 2 != 0) refuse("not a sound pickle: a key without a value");
        for (std::size_t i = from; i < state.stack.size(); i += 2) state.check_key(state.stack[i]);
        state.extend(dict, state.stack.data() + from, count);
        state.stack.resize(from);
    }

    void global(byte_reader& source) {
        // A line is valid until the next is read.
        const auto [module, module_size] = source.line();
        const std::string kept(module, module_size);
        const auto [name, name_size] = source.line();
        state_.push(named(kept, {name, name_size}));
    }

    void stack_global() {
        const value* operands = state_.top(2);
        if (operands[0].type != kind::text || operands[1].type != kind::text)
            refuse("the pickle names something by other than two texts");
        const value made = named(state_.text_of(operands[0]), state_.text_of(operands[1]));
        state_.drop(2);
        state_.push(made);
    }

    /// BINPERSID: a tensor's storage in a torch file. Its bytes lie elsewhere and are not read.
    void outside_object() {
        value& reference = *state_.top(1);
        bool storage = reference.type == kind::tuple;
        if (storage) {
            const node& held = state_.objects.nodes[reference.index];
            storage = held.size != 0 && state_.objects.values[held.first].type == kind::text &&
                      state_.text_of(state_.objects.values[held.first]) == "storage";
        }
        if (!storage) refuse("the pickle refers to an outside object that is not a torch storage");
        const node held = state_.objects.nodes[reference.index];
        note_storage(state_, held);
        reference = state_.keep_weights ? state_.objects.make_alike(kind::storage, held)
                                        : value::simple(kind::weights);
    }

    void stop() {
        if (!state_.marks.empty() || state_.stack.size() != 1)
            refuse("not a sound pickle: it ends with other than one object");
        walk_.end(state_.stack[0]);
    }

    machine_state& state_;
    outer_walk& walk_;
    std::uint64_t at_ = 0;
};

}  // namespace nb201store::pickle
