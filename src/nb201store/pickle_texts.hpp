// Texts that are kept for good, each once: a full file spells a few thousand of them 3e8 times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "pickle_limits.hpp"

namespace nb201store::pickle {

class text_table {
  public:
    static constexpr std::uint32_t k_absent = ~std::uint32_t{0};

    text_table() : slots_(1024, k_absent) {}

    std::size_t size() const noexcept { return texts_.size(); }
    std::string_view operator[](std::uint32_t index) const noexcept {
        return {texts_[index].data, texts_[index].size};
    }

    /// The number of a text, or k_absent if it is not one to be kept: long, or not of printable
    /// ASCII (how protocol 2 spells the bytes of a number).
    ///
    /// The text that came behind the previous one the last time is tried first: keys come in
    /// sequences that hardly change, and comparing costs less than hashing.
    std::uint32_t number(const std::uint8_t* bytes, std::size_t size) {
        // SAFETY: any object may be read as char.
        const char* data = reinterpret_cast<const char*>(bytes);
        if (last_ != k_absent) {
            const std::uint32_t guess = texts_[last_].next;
            const entry& guessed = texts_[guess];
            if (guessed.size == size && std::memcmp(guessed.data, data, size) == 0)
                return last_ = guess;
        }
        if (!kept(bytes, size)) return k_absent;
        const std::uint32_t found = find_or_add({data, size});
        if (last_ != k_absent) texts_[last_].next = found;
        return last_ = found;
    }

    /// The number of a text of our own.
    std::uint32_t known(std::string_view text) { return find_or_add(text); }

  private:
    struct entry {
        const char* data;
        std::uint32_t size;
        std::uint32_t next;
    };

    static bool kept(const std::uint8_t* bytes, std::size_t size) noexcept {
        if (size > k_kept_length) return false;
        for (std::size_t i = 0; i < size; ++i)
            if (bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
        return true;
    }

    static std::uint64_t hash(std::string_view text) noexcept {
        std::uint64_t mixed = text.size();
        for (const char c : text) {
            mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 0x9e3779b97f4a7c15U;
            mixed ^= mixed >> 32;
        }
        return mixed;
    }

    std::uint32_t find_or_add(std::string_view text) {
        std::size_t slot = hash(text) & (slots_.size() - 1);
        for (std::size_t probes = 0; slots_[slot] != k_absent; ++probes) {
            if ((*this)[slots_[slot]] == text) return slots_[slot];
            if (probes == k_probes) refuse("texts that were chosen to collide");
            slot = (slot + 1) & (slots_.size() - 1);
        }
        const auto added = static_cast<std::uint32_t>(texts_.size());
        if (added == k_kept_texts) refuse("more than a million different texts");
        texts_.push_back({store(text), static_cast<std::uint32_t>(text.size()), added});
        slots_[slot] = added;
        if (2 * texts_.size() > slots_.size()) grow();
        return added;
    }

    const char* store(std::string_view text) {
        if (room_ < text.size()) {
            if (blocks_.size() * k_text_block >= k_kept_bytes)
                refuse("more than 64 MiB of different texts");
            blocks_.push_back(std::make_unique<char[]>(k_text_block));
            room_ = k_text_block;
        }
        if (text.empty()) return "";
        char* to = blocks_.back().get() + (k_text_block - room_);
        std::memcpy(to, text.data(), text.size());
        room_ -= text.size();
        return to;
    }

    void grow() {
        slots_.assign(2 * slots_.size(), k_absent);
        for (std::uint32_t index = 0; index < texts_.size(); ++index) {
            std::size_t slot = hash((*this)[index]) & (slots_.size() - 1);
            while (slots_[slot] != k_absent) slot = (slot + 1) & (slots_.size() - 1);
            slots_[slot] = index;
        }
    }

    static constexpr std::size_t k_text_block = std::size_t{1} << 16;

    std::vector<entry> texts_;
    std::vector<std::uint32_t> slots_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t room_ = 0;
    std::uint32_t last_ = k_absent;
};

/// Whether `bytes` are UTF-8 as CPython reads it strictly: shortest forms, no surrogates.
inline bool is_utf8(const std::uint8_t* bytes, std::size_t size) noexcept {
    std::size_t i = 0;
    while (i < size) {
        const std::uint8_t lead = bytes[i++];
        if (lead < 0x80) continue;
        const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if (lead < 0xc2 || lead > 0xf4 || size - i < static_cast<std::size_t>(more)) return false;
        const std::uint8_t second = bytes[i];
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
            (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
            return false;
        for (int k = 0; k < more; ++k)
            if ((bytes[i++] & 0xc0) != 0x80) return false;
    }
    return true;
}

}  // namespace nb201store::pickle
