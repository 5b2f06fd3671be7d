// Writes the seed corpus into the folder named: the sample image whole, cut, and lying in each way
// the tests know.
#include <fstream>
#include <string>

#include "../cpp/sample_image.hpp"

namespace {

void write(const std::string& path, const builder::byte_vector& bytes) {
    std::ofstream file(path, std::ios::binary);
    for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
    file.close();
    if (!file) throw std::runtime_error(path + ": cannot write");
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const std::string folder = std::string(arguments[1]) + "/";
    const builder::byte_vector whole = sample::make().build();
    write(folder + "whole", whole);
    write(folder + "header", {whole.begin(), whole.begin() + 64});
    write(folder + "half",
          {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2)});
    for (const auto& section : sample::make().parts) {
        builder::image_builder image = sample::make();
        for (std::uint8_t& byte : image[section.name].bytes)
            byte = static_cast<std::uint8_t>(~byte);
        std::string name = section.name;
        for (char& c : name)
            if (c == '/') c = '_';
        write(folder + name, image.build());
    }
    return 0;
}
