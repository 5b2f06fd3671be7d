// Reads any bytes as pickles, as parts and whole, in pieces of a size that the first byte says.
//
// Built with -fsanitize=fuzzer (make fuzz) this is a libFuzzer target; built plainly it runs over
// the files named on the command line.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "../cpp/pickle_reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    pickled::read_anything(std::string(data + 1, data + size), std::size_t{1} << (data[0] % 16));
    return 0;
}

#ifndef NB201STORE_LIBFUZZER
int main(int count, char** paths) {
    for (int i = 1; i < count; ++i) {
        std::ifstream file(paths[i], std::ios::binary);
        if (!file) return 2;
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    return 0;
}
#endif
