// Opens any bytes as an image and asks it everything: as they come, and with the checksums made
// right, since bytes that a fuzzer changed would else never get past the first one.
//
// Built with -fsanitize=fuzzer (make fuzz) this is a libFuzzer target; built plainly it runs over
// the files named on the command line, for compilers without libFuzzer and for replaying a finding.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <vector>

#include "../cpp/ask_everything.hpp"
#include "../cpp/image_builder.hpp"

namespace {

using nb201store::detail::load_u32;
using nb201store::detail::load_u64;

void repair_checksums(std::vector<std::uint8_t>& bytes) {
    if (bytes.size() < 64) return;
    builder::set(bytes, 16, bytes.size(), 8);
    const std::uint64_t count = load_u32(bytes.data() + 12);
    for (std::uint64_t i = 0; i < count && 64 + 128 * (i + 1) <= bytes.size(); ++i) {
        const std::size_t entry = 64 + 128 * static_cast<std::size_t>(i);
        const std::uint64_t offset = load_u64(bytes.data() + entry + 72);
        const std::uint64_t size = load_u64(bytes.data() + entry + 80);
        if (offset > bytes.size() || size > bytes.size() - offset) continue;
        builder::set(bytes, entry + 68, nb201store::crc32c(bytes.data() + offset, size), 4);
    }
    builder::image_builder::sign(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> bytes(data, data + size);
    try_everything(bytes);
    repair_checksums(bytes);
    try_everything(std::move(bytes));
    return 0;
}

#ifndef NB201STORE_LIBFUZZER
int main(int count, char** paths) {
    for (int i = 1; i < count; ++i) {
        std::ifstream file(paths[i], std::ios::binary);
        if (!file) return 2;
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    return 0;
}
#endif
