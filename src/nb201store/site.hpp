// Where in an image something is looked at: makes every refusal say path, section, byte, expected
// and found.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "error.hpp"

namespace nb201store::detail {

inline std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c >= ' ' && c <= '~')
            out += c;
        else {  // a name from a file may hold anything; the message stays one line of ASCII
            char escape[5];
            std::snprintf(escape, sizeof escape, "\\x%02X",
                          static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += escape;
        }
    }
    return out + "'";
}

inline std::string hexadecimal(std::uint32_t value) {
    char text[11];
    std::snprintf(text, sizeof text, "0x%08X", value);
    return text;
}

/// A part of the file: "header", "section table" or a section, and the byte at which it begins.
struct site {
    const std::string& path;
    std::string_view part;
    std::uint64_t begin = 0;
    bool is_section = true;

    [[noreturn]] void refuse(errc code, std::uint64_t at, const std::string& expected,
                             const std::string& found) const {
        const std::string name = is_section ? "section " + quoted(part) : std::string(part);
        throw error(code,
                    path + ": " + name + " at byte " + std::to_string(begin + at) + ": expected " +
                        expected + ", found " + found,
                    std::string(part), begin + at, 0, path);
    }

    /// Throw unless `ok`. Takes no strings that would be made in vain on every good field.
    void expect(bool ok, std::uint64_t at, const char* expected, std::uint64_t found) const {
        if (!ok) refuse(errc::format, at, expected, std::to_string(found));
    }
};

}  // namespace nb201store::detail
