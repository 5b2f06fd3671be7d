// The one exception type of the core, and the codes that say what was wrong.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace nb201store {

/// What went wrong. The bindings map each code to one Python exception class.
enum class errc {
    io,        ///< the operating system refused: open, stat, mmap, read
    format,    ///< not a sound image: bad magic, bad section, truncated
    version,   ///< the image asks for a newer reader
    checksum,  ///< the bytes of a section are not those that were written
    arch,      ///< a code, string or official index outside the space
    missing,   ///< a valid question whose answer was never recorded
    source,    ///< an official file is not what it should be, or names what it must not
    settings,  ///< an argument that makes no sense: unknown dataset, split, metric, epoch
};

/// Thrown by opening, by named look-ups and by checked accessors. `offset` is the byte in the file
/// that the message speaks of, or `no_offset`; `section` and `path` are empty where none is
/// concerned; `system_error` is errno for `errc::io`.
class error : public std::runtime_error {
  public:
    static constexpr std::uint64_t no_offset = ~std::uint64_t{0};

    error(errc code, const std::string& message, std::string section = {},
          std::uint64_t offset = no_offset, int system_error = 0, std::string path = {})
        : std::runtime_error(message),
          code_(code),
          section_(std::move(section)),
          path_(std::move(path)),
          offset_(offset),
          system_error_(system_error) {}

    errc code() const noexcept { return code_; }
    const std::string& section() const noexcept { return section_; }
    const std::string& path() const noexcept { return path_; }
    std::uint64_t offset() const noexcept { return offset_; }
    int system_error() const noexcept { return system_error_; }

  private:
    errc code_;
    std::string section_;
    std::string path_;
    std::uint64_t offset_;
    int system_error_;
};

}  // namespace nb201store
