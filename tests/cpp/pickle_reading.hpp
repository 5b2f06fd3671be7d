// Reads any bytes as pickles and touches all that comes of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <nb201store/pickle_reader.hpp>
#include <set>
#include <string>
#include <vector>

namespace pickled {

namespace pickle = nb201store::pickle;

/// Hands out `bytes` at most `step` at a time.
inline pickle::pull_function source(const std::string& bytes, std::size_t step = ~std::size_t{0}) {
    return [bytes, step, done = std::size_t{0}](std::uint8_t* to, std::size_t size) mutable {
        const std::size_t count = std::min({size, step, bytes.size() - done});
        if (count != 0) std::memcpy(to, bytes.data() + done, count);
        done += count;
        return count;
    };
}

/// Writes an object as Python would, shared parts once; so it visits every byte of it.
class shown {
  public:
    explicit shown(const pickle::machine_state& state) : state_(state) {}

    std::string operator()(const pickle::value& object) { return show(object); }

  private:
    std::string show(const pickle::value& object) {
        switch (object.type) {
            case pickle::kind::none:
                return "None";
            case pickle::kind::yes:
                return "True";
            case pickle::kind::no:
                return "False";
            case pickle::kind::integer:
                return std::to_string(object.integer);
            case pickle::kind::real:
                return std::to_string(object.real);
            case pickle::kind::real64:
                return "float64 " + std::to_string(object.real);
            case pickle::kind::text:
                return std::string(state_.text_of(object));
            case pickle::kind::weights:
                return "weights";
            case pickle::kind::storage_type:
                return std::string(pickle::k_storages[object.index]);
            default:
                return seen_.insert(object.index).second ? node(object.index) : "...";
        }
    }

    std::string node(std::uint32_t index) {
        const pickle::node& held = state_.objects.nodes.at(index);
        if (held.type == pickle::kind::outside)
            return "outside " + std::to_string(held.first) + " " + std::to_string(held.size);
        if (!pickle::holds_values(held.type)) {
            const auto from =
                state_.objects.bytes.begin() + static_cast<std::ptrdiff_t>(held.first);
            return "bytes " + std::string(from, from + static_cast<std::ptrdiff_t>(held.size));
        }
        std::string out = held.type == pickle::kind::tuple          ? "("
                          : held.type == pickle::kind::list         ? "["
                          : held.type == pickle::kind::ordered_dict ? "O{"
                          : held.type == pickle::kind::storage      ? "storage("
                          : held.type == pickle::kind::loaded       ? "loaded("
                          : held.type == pickle::kind::tensor       ? "tensor("
                          : held.type == pickle::kind::parameter    ? "parameter("
                                                                    : "{";
        if (held.order != pickle::k_not_packed) {
            const auto& order = state_.orders[held.order];
            out += "packed " + std::to_string(held.order) + ":";
            for (std::size_t i = 0; i < order.size; ++i)
                out += " " + std::to_string(state_.objects.numbers.at(held.numbers + i));
            return out + "}";
        }
        for (std::size_t i = 0; i < held.size; ++i)
            out += show(state_.objects.values.at(held.first + i)) + ",";
        return out + "]";
    }

    const pickle::machine_state& state_;
    std::set<std::uint32_t> seen_;
};

/// One line an item: its place, its key and what it is.
inline std::vector<std::string> items(pickle::reader& reader, bool streaming = true) {
    static constexpr const char* k_places[] = {"whole", "entry", "cell"};
    std::vector<std::string> found;
    reader.begin(streaming);
    pickle::item item;
    while (reader.next(item)) {
        shown show(reader.state());
        const std::string key =
            item.where == pickle::item::place::whole ? "" : " " + show(item.key);
        found.push_back(k_places[static_cast<std::size_t>(item.where)] + key + " = " +
                        show(item.object));
    }
    return found;
}

/// All of some bytes as pickles, in both ways; what is wrong with them is thrown away.
inline void read_anything(const std::string& bytes, std::size_t step) {
    for (const bool streaming : {true, false}) {
        pickle::reader reader(source(bytes, step), "any");
        if (step % 2 == 0) reader.keep_weights();
        try {
            while (!reader.at_end()) items(reader, streaming);
        } catch (const nb201store::error&) {
        }
    }
}

}  // namespace pickled
