#include <nb201store/nb201store.hpp>

std::size_t columns_of(const nb201store::image& image);
std::size_t columns_of(const nb201store::image& image) { return image.about().columns.size(); }
