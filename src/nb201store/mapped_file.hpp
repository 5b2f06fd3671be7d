// The bytes of an image file: mapped read-only, read into memory, or lent by the caller (POSIX).
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "error.hpp"

namespace nb201store {

/// How an image gets into memory.
enum class open_mode {
    mmap,  ///< map the file: opening costs nothing and processes share its pages
    read,  ///< read it whole: for file systems that cannot map, or files that change in place
};

namespace detail {

/// Immutable bytes and whatever keeps them alive. Copies share.
///
/// A mapped file that is truncated in place makes later reads raise SIGBUS, which no reader can
/// prevent: replace images by rename (as the writer does), or open them with `open_mode::read`.
struct file_bytes {
    std::shared_ptr<const void> owner;
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
};

[[noreturn]] inline void refuse_io(const std::string& path, const char* action, int code,
                                   const char* advice = "") {
    throw error(errc::io, path + ": cannot " + action + ": " + std::strerror(code) + advice, {},
                error::no_offset, code, path);
}

class file_handle {
  public:
    explicit file_handle(const std::string& path) : path_(path) {
        // O_NONBLOCK: opening a pipe by mistake must fail below, not wait for a writer.
        descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor_ < 0) refuse_io(path, "open", errno);
    }
    ~file_handle() { ::close(descriptor_); }
    file_handle(const file_handle&) = delete;
    file_handle& operator=(const file_handle&) = delete;

    int descriptor() const noexcept { return descriptor_; }
    const std::string& path() const noexcept { return path_; }

    std::size_t size() const {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) refuse_io(path_, "stat", errno);
        if (S_ISDIR(status.st_mode)) refuse_io(path_, "open", EISDIR);
        if (!S_ISREG(status.st_mode)) refuse_io(path_, "map a special file", EINVAL);
        const auto size = static_cast<std::uint64_t>(status.st_size);
        if (size > std::numeric_limits<std::size_t>::max()) refuse_io(path_, "map", EFBIG);
        return static_cast<std::size_t>(size);
    }

  private:
    std::string path_;
    int descriptor_;
};

class mapping {
  public:
    mapping(const file_handle& file, std::size_t size) : size_(size) {
        // MAP_PRIVATE: some file systems refuse shared maps, and nothing is ever written.
        address_ = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
        if (address_ == MAP_FAILED)
            refuse_io(file.path(), "map", errno, "; open it with mode \"read\"");
    }
    /// Memory of its own, in huge pages where the system has them: random questions of a large
    /// image then miss the TLB far less often, and answer in about half the time.
    mapping(const std::string& path, std::size_t size) : size_(size) {
        address_ =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (address_ == MAP_FAILED) refuse_io(path, "read into memory", errno);
#ifdef MADV_HUGEPAGE
        static_cast<void>(::madvise(address_, size, MADV_HUGEPAGE));  // no harm where it fails
#endif
    }
    ~mapping() { ::munmap(address_, size_); }
    mapping(const mapping&) = delete;
    mapping& operator=(const mapping&) = delete;

    const std::uint8_t* data() const noexcept { return static_cast<const std::uint8_t*>(address_); }

    /// Read the file into memory of its own; less than all of it where it shrank meanwhile.
    std::size_t fill(const file_handle& file) {
        std::size_t done = 0;
        while (done < size_) {
            const ssize_t got = ::read(file.descriptor(),
                                       static_cast<std::uint8_t*>(address_) + done, size_ - done);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) refuse_io(file.path(), "read", errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        static_cast<void>(::mprotect(address_, size_, PROT_READ));  // as a mapped file is
        return done;
    }

  private:
    void* address_ = nullptr;
    std::size_t size_;
};

inline file_bytes share_bytes(std::shared_ptr<const std::vector<std::uint8_t>> bytes) {
    const std::uint8_t* data = bytes->data();
    const std::size_t size = bytes->size();
    return {std::move(bytes), data, size};
}

inline file_bytes map_file(const std::string& path) {
    const file_handle file(path);
    const std::size_t size = file.size();
    if (size == 0) return {};  // nothing can be mapped; the header check says what is wrong
    auto map = std::make_shared<const mapping>(file, size);
    const std::uint8_t* data = map->data();
    return {std::move(map), data, size};
}

inline file_bytes read_file(const std::string& path) {
    const file_handle file(path);
    const std::size_t size = file.size();
    if (size == 0) return {};
    auto memory = std::make_shared<mapping>(path, size);
    const std::size_t done = memory->fill(file);  // less is refused with both sizes
    const std::uint8_t* data = memory->data();
    return {std::move(memory), data, done};
}

}  // namespace detail
}  // namespace nb201store
