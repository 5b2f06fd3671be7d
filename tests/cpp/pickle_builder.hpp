// Pickles put together opcode by opcode, as CPython's pickler and torch would, or as neither would.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace pickled {

inline std::string little(std::uint64_t number, int size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(number >> (8 * i) & 255U);
    return bytes;
}

inline std::string proto(int version) { return "\x80" + little(static_cast<unsigned>(version), 1); }
inline std::string text(const std::string& text) { return "X" + little(text.size(), 4) + text; }
inline std::string short_text(const std::string& text) {
    return "\x8c" + little(text.size(), 1) + text;
}
inline std::string integer(unsigned number) {
    return number < 256 ? "K" + little(number, 1) : "M" + little(number, 2);
}
inline std::string real(double number) {
    std::uint64_t word = 0;
    std::memcpy(&word, &number, sizeof word);
    std::string bytes = "G";
    for (int i = 7; i >= 0; --i) bytes += static_cast<char>(word >> (8 * i) & 255U);
    return bytes;
}
inline std::string put(unsigned index) { return "r" + little(index, 4); }
inline std::string get(unsigned index) { return "j" + little(index, 4); }

/// A numpy.float64 as protocol 3 and above spell it.
inline std::string scalar(double number) {
    std::uint64_t word = 0;
    std::memcpy(&word, &number, sizeof word);
    return "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n" + text("f8") + "K" + little(0, 1) +
           "K" + little(1, 1) + "\x87R(K\x03" + text("<") +
           "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK" + little(0, 1) + "tb" + "C\x08" +
           little(word, 8) + "\x86R";
}

/// The state of one cell: {"full": {"losses": {0: ..}, "params": numpy.float64, "evals": {..}}}.
inline std::string cell(unsigned index) {
    std::string losses = "}(", evals = "ccollections\nOrderedDict\n)R(";
    for (unsigned epoch = 0; epoch < 4; ++epoch) {
        losses += integer(epoch) + real(index + epoch / 8.0);
        evals += text("x-valid@" + std::to_string(epoch)) + real(-1.0 * index - epoch);
    }
    return "}" + text("full") + "}(" + text("losses") + losses + "u" + text("params") +
           scalar(index + 0.5) + text("evals") + evals + "u" + text("seeds") + "](K\x01K\x02" +
           "eus";
}

/// {"meta_archs": ["a", "b"], "arch2infos": {0: cell, ...}, "evaluated_indexes": [0, ...]}
inline std::string benchmark(unsigned cells) {
    std::string infos, indexes;
    for (unsigned i = 0; i < cells; ++i) {
        infos += integer(i) + cell(i);
        indexes += integer(i);
    }
    return proto(2) + "}(" + text("meta_archs") + "](" + text("a") + text("b") + "e" +
           text("arch2infos") + "}(" + infos + "u" + text("evaluated_indexes") + "](" + indexes +
           "eu.";
}

}  // namespace pickled
