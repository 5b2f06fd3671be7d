#include <cstdio>
#include <nb201store/nb201store.hpp>

void describe(const nb201store::image& image) {
    const nb201store::description& about = image.about();
    std::printf("%u cells, %zu columns, %zu sections\n", image.cells(), about.columns.size(),
                image.sections().size());
}
