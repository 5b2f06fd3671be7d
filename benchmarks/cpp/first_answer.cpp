// A process from its start to its end that opens an image and answers one question:
//   first_answer IMAGE CODE
#include <cstdio>
#include <cstdlib>
#include <nb201store/nb201store.hpp>

int main(int count, char** words) {
    if (count != 3) return 2;
    try {
        const auto image = nb201store::image::open(words[1]);
        const double found = image.value(std::atoll(words[2]), "cifar10-valid", "x-valid",
                                         "accuracy", 200, 199, 888);
        std::printf("%.17g\n", found);
        return 0;
    } catch (const nb201store::error& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 2;
    }
}
