// Builds images in memory, valid ones and ones with a single wrong field, from docs/format.md
// alone: it shares no code with the reader but CRC-32C, which has tests of its own.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <nb201store/crc32c.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace builder {

using byte_vector = std::vector<std::uint8_t>;

inline void put(byte_vector& out, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline void set(byte_vector& out, std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
        out.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

template <class Float, class Bits>
Bits bits_of(Float value) {
    static_assert(sizeof(Float) == sizeof(Bits));
    Bits bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

enum type : std::uint8_t { u8 = 1, u16, u32, i32, f4, f8, text };

struct part {
    std::string name;
    type dtype;
    std::vector<std::uint64_t> shape;
    byte_vector bytes;
    bool required = true;
};

inline part ints(std::string name, type dtype, std::vector<std::uint64_t> shape,
                 const std::vector<std::int64_t>& values) {
    const std::size_t width = dtype == u8 ? 1 : dtype == u16 ? 2 : 4;
    part out{std::move(name), dtype, std::move(shape), {}, true};
    for (const std::int64_t value : values)
        put(out.bytes, static_cast<std::uint64_t>(value), width);
    return out;
}

inline part floats(std::string name, type dtype, std::vector<std::uint64_t> shape,
                   const std::vector<double>& values) {
    part out{std::move(name), dtype, std::move(shape), {}, true};
    for (const double value : values)
        if (dtype == f4)
            put(out.bytes, bits_of<float, std::uint32_t>(static_cast<float>(value)), 4);
        else
            put(out.bytes, bits_of<double, std::uint64_t>(value), 8);
    return out;
}

/// A record: a name in `name_width` bytes (0: none), then u32 fields, then zeros up to `width`.
inline byte_vector record(const std::string& name, std::size_t name_width,
                          std::initializer_list<std::uint32_t> fields, std::size_t width = 64) {
    byte_vector out(name.begin(), name.end());
    out.resize(name_width);
    for (const std::uint32_t field : fields) put(out, field, 4);
    out.resize(width);
    return out;
}

class image_builder {
  public:
    std::vector<part> parts;
    std::uint16_t reader_version = 1;
    std::uint16_t writer_version = 1;

    void add(part section) { parts.push_back(std::move(section)); }

    void add_record(const std::string& name, const byte_vector& bytes) {
        part* section = find(name);
        if (section == nullptr) {
            parts.push_back({name, u8, {0, bytes.size()}, {}, true});
            section = &parts.back();
        }
        ++section->shape[0];
        section->bytes.insert(section->bytes.end(), bytes.begin(), bytes.end());
    }

    std::uint32_t number(const std::string& name) const {
        for (std::uint32_t i = 0; i < parts.size(); ++i)
            if (parts[i].name == name) return i;
        throw std::logic_error("the test image has no section " + name);
    }
    part& operator[](const std::string& name) { return parts[number(name)]; }

    /// Set a little-endian field of a section.
    image_builder& patch(const std::string& name, std::size_t at, std::uint64_t value,
                         std::size_t width = 4) {
        set((*this)[name].bytes, at, value, width);
        return *this;
    }

    std::uint64_t offset(const std::string& name) const {
        std::uint64_t end = 64 + 128 * parts.size();
        for (const part& section : parts) {
            end = (end + 63) / 64 * 64;
            if (section.name == name) return end;
            end += section.bytes.size();
        }
        throw std::logic_error("the test image has no section " + name);
    }

    byte_vector build() const {
        byte_vector out(64 + 128 * parts.size());
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const part& section = parts[i];
            out.resize((out.size() + 63) / 64 * 64);
            const std::size_t entry = 64 + 128 * i;
            std::memcpy(out.data() + entry, section.name.data(), section.name.size());
            set(out, entry + 64, section.dtype, 1);
            set(out, entry + 65, section.shape.size(), 1);
            set(out, entry + 66, section.required ? 1 : 0, 2);
            set(out, entry + 68, nb201store::crc32c(section.bytes.data(), section.bytes.size()), 4);
            set(out, entry + 72, out.size(), 8);
            set(out, entry + 80, section.bytes.size(), 8);
            for (std::size_t axis = 0; axis < 3; ++axis)
                set(out, entry + 88 + 8 * axis,
                    axis < section.shape.size() ? section.shape[axis] : 1, 8);
            out.insert(out.end(), section.bytes.begin(), section.bytes.end());
        }
        const std::uint8_t magic[] = {0x89, 'N', 'B', '2', '0', '1', '\r', '\n'};
        std::memcpy(out.data(), magic, sizeof magic);
        set(out, 8, reader_version, 2);
        set(out, 10, writer_version, 2);
        set(out, 12, parts.size(), 4);
        set(out, 16, out.size(), 8);
        set(out, 24, 64, 8);
        sign(out);
        return out;
    }

    /// Recompute the CRC32C of table and header, as after patching a field of either.
    static void sign(byte_vector& bytes) {
        std::uint64_t count = 0;
        for (std::size_t i = 4; i-- > 0;) count = count << 8 | bytes.at(12 + i);
        if (count <= (bytes.size() - 64) / 128)
            set(bytes, 32, nb201store::crc32c(bytes.data() + 64, 128 * count), 4);
        set(bytes, 60, nb201store::crc32c(bytes.data(), 60), 4);
    }

  private:
    part* find(const std::string& name) {
        for (part& section : parts)
            if (section.name == name) return &section;
        return nullptr;
    }
};

}  // namespace builder
