// Opens what does not exist and is told so; with an argument, opens that image and counts its
// columns.
#include <cstdio>
#include <nb201store/nb201store.hpp>

std::size_t columns_of(
    const nb201store::image& image);  // second.cpp: the headers in two translation units

int main(int count, char** arguments) {
    try {
        const auto image = nb201store::image::open(count > 1 ? arguments[1] : "absent.nb201");
        std::printf("%zu columns of %u cells\n", columns_of(image), image.cells());
        return 0;
    } catch (const nb201store::error& problem) {
        std::printf("%s\n", problem.what());
        return count == 1 && problem.code() == nb201store::errc::io ? 0 : 2;
    }
}
