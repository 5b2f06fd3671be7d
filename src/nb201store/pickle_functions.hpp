// The names that a pickle may use, and what calling each of them makes: plain data, or a refusal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "load.hpp"
#include "pickle_state.hpp"

namespace nb201store::pickle {

enum class function : std::uint32_t {
    ordered_dict,
    set,
    dtype,
    scalar,
    encode,
    load,
    tensor,
    parameter,
};

/// The types of torch's storages, in the package `torch`.
constexpr std::string_view k_storages[] = {
    "BFloat16Storage", "BoolStorage", "ByteStorage", "CharStorage", "DoubleStorage",
    "FloatStorage",    "HalfStorage", "IntStorage",  "LongStorage", "ShortStorage",
};

/// `text`, which a file wrote, fit for one line of a message.
inline std::string plain(std::string_view text) {
    constexpr std::size_t k_shown = 160;
    constexpr const char* k_digits = "0123456789abcdef";
    std::string shown;
    for (const char c : text.substr(0, k_shown)) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            shown += c;
        } else {
            shown += "\\x";
            shown += k_digits[byte >> 4U];
            shown += k_digits[byte & 15U];
        }
    }
    return text.size() > k_shown ? shown + "..." : shown;
}

/// What stands for `module.name`; refuses every name that no official file uses.
inline value named(std::string_view module, std::string_view name) {
    struct allowed_name {
        std::string_view module, name;
        function meaning;
    };
    static constexpr allowed_name k_allowed[] = {
        {"collections", "OrderedDict", function::ordered_dict},
        {"builtins", "set", function::set},
        {"__builtin__", "set", function::set},
        {"numpy", "dtype", function::dtype},
        {"numpy.core.multiarray", "scalar", function::scalar},
        {"numpy._core.multiarray", "scalar", function::scalar},
        {"_codecs", "encode", function::encode},
        {"torch._utils", "_rebuild_tensor_v2", function::tensor},
        {"torch._utils", "_rebuild_parameter", function::parameter},
        {"torch.storage", "_load_from_bytes", function::load},
    };
    for (const allowed_name& allowed : k_allowed)
        if (allowed.module == module && allowed.name == name)
            return value::of(kind::function, static_cast<std::uint32_t>(allowed.meaning));
    if (module == "torch")
        for (std::uint32_t type = 0; type < std::size(k_storages); ++type)
            if (k_storages[type] == name) return value::of(kind::storage_type, type);
    refuse("the pickle names " + plain(std::string(module) + "." + std::string(name)) +
           ", which no official file does; nothing of it was run");
}

/// The calls of the allow-list.
class caller {
  public:
    caller(machine_state& state, const node& arguments)
        : state_(state),
          arguments_(arguments),
          count_(arguments.size),
          first_(state.objects.values.data() + arguments.first) {}

    value call(function called) {
        switch (called) {
            case function::ordered_dict:
                if (count_ != 0) refuse("it calls collections.OrderedDict with arguments");
                return state_.objects.make(kind::ordered_dict);
            case function::set:
                return make_set();
            case function::dtype:
                return make_dtype();
            case function::scalar:
                return make_scalar();
            case function::encode:
                return make_bytes();
            case function::load:
                return weights(kind::loaded);
            case function::tensor:
                return weights(kind::tensor);
            case function::parameter:
                break;
        }
        return weights(kind::parameter);
    }

  private:
    /// Whoever keeps weights checks the arguments.
    value weights(kind part) {
        return state_.keep_weights ? state_.objects.make_alike(part, arguments_)
                                   : value::simple(kind::weights);
    }

    value make_set() {
        if (count_ != 1 || first_->type != kind::list)
            refuse("it calls set with something else than one list");
        const node list = state_.objects.nodes[first_->index];
        const std::vector<value> members(
            state_.objects.values.begin() + static_cast<std::ptrdiff_t>(list.first),
            state_.objects.values.begin() + static_cast<std::ptrdiff_t>(list.first + list.size));
        for (const value& member : members) state_.check_key(member);
        const value made = state_.objects.make(kind::set);
        state_.objects.extend(made.index, members.data(), members.size());
        return made;
    }

    value make_dtype() const {
        if (count_ == 3 && first_->type == kind::text) {
            const std::string_view name = state_.text_of(*first_);
            if (name == "f8" || name == "<f8") return value::simple(kind::dtype);
            refuse("it asks for numpy.dtype " + plain(name) + "; official files hold 'f8' only");
        }
        refuse("it asks for numpy.dtype of another object; official files hold 'f8' only");
    }

    value make_scalar() const {
        if (count_ == 2 && first_[0].type == kind::dtype && first_[1].type == kind::bytes) {
            const node& data = state_.objects.nodes[first_[1].index];
            if (data.size == sizeof(double)) {
                const std::uint64_t word =
                    nb201store::detail::load_u64(state_.objects.bytes.data() + data.first);
                double real = 0;
                std::memcpy(&real, &word, sizeof real);
                return value::of_real(kind::real64, real);
            }
        }
        refuse("it makes a numpy scalar that is not a float64 of 8 bytes");
    }

    /// `_codecs.encode(text, 'latin1')`, how protocol 2 spells bytes.
    value make_bytes() {
        const bool texts = count_ == 2 && is_text(first_[0]) && is_text(first_[1]);
        if (!texts || state_.text_of(first_[1]) != "latin1")
            refuse("it calls _codecs.encode with something else than a text and 'latin1'");
        const std::string_view text = state_.text_of(first_[0]);
        std::vector<std::uint8_t> latin;
        latin.reserve(text.size());
        for (std::size_t i = 0; i < text.size(); ++i) {
            const unsigned lead = static_cast<std::uint8_t>(text[i]);
            if (lead >= 0xc4) refuse("it encodes a text that is not latin1");
            // U+0080 to U+00FF take two bytes, of which the second is there: texts are UTF-8.
            const unsigned more = lead < 0x80 ? 0 : static_cast<std::uint8_t>(text[++i]);
            latin.push_back(
                static_cast<std::uint8_t>(lead < 0x80 ? lead : (lead & 3U) << 6U | (more & 63U)));
        }
        return state_.objects.make_bytes(kind::bytes, latin.data(), latin.size());
    }

    static bool is_text(const value& given) noexcept {
        return given.type == kind::text || given.type == kind::long_text;
    }

    machine_state& state_;
    node arguments_;  // a copy: making something moves the nodes
    std::size_t count_;
    const value* first_;
};

/// REDUCE: the callable and its arguments, on top of the stack, become what the call makes.
inline void reduce(machine_state& state) {
    const value* operands = state.top(2);
    if (operands[0].type != kind::function) refuse("it calls something that is not a function");
    if (operands[1].type != kind::tuple) refuse("not a sound pickle: arguments that are no tuple");
    const auto called = static_cast<function>(operands[0].index);
    const value made = caller(state, state.objects.nodes[operands[1].index]).call(called);
    state.drop(2);
    state.push(made);
}

/// Keep in mind how large a storage is, if that is said as torch says it.
inline void note_storage(machine_state& state, const node& reference) {
    const value* parts = state.objects.values.data() + reference.first;
    if (reference.size < 5 || parts[1].type != kind::storage_type || parts[2].type != kind::text ||
        parts[4].type != kind::integer)
        return;
    const machine_state::storage_size said{parts[1].index, parts[4].integer};
    const machine_state::storage_size& known =
        state.storages.emplace(parts[2].index, said).first->second;
    if (known.type != said.type || known.count != said.count)
        refuse("it names the storage " + plain(state.text_of(parts[2])) +
               " twice, with different types or sizes");
}

/// BUILD: the state on top of the stack is checked if it is a dtype's, and dropped if attributes.
inline void build(machine_state& state) {
    const value* operands = state.top(2);
    const value given = operands[1];
    if (operands[0].type == kind::dtype) {
        bool native = given.type == kind::tuple;
        if (native) {
            const node& held = state.objects.nodes[given.index];
            const value* parts = state.objects.values.data() + held.first;
            const auto number = [&](std::size_t i, std::int64_t expected) {
                return parts[i].type == kind::integer && parts[i].integer == expected;
            };
            const auto none = [&](std::size_t i) { return parts[i].type == kind::none; };
            native = held.size == 8 && number(0, 3) && parts[1].type == kind::text &&
                     state.text_of(parts[1]) == "<" && none(2) && none(3) && none(4) &&
                     number(5, -1) && number(6, -1) && number(7, 0);
        }
        if (!native)
            refuse("its numpy.dtype has a state that is not that of little-endian float64");
    } else if (operands[0].type == kind::function) {
        refuse("it sets the state of a function");
    } else if (operands[0].type != kind::ordered_dict && !is_weights(operands[0].type)) {
        refuse("it sets the state of an object that has none");
    }
    state.drop(1);
}

}  // namespace nb201store::pickle
