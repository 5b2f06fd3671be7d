// A program of its own that asks an image: what it holds, and one accuracy of one cell.
//
//   ask IMAGE ARCH_STR DATASET SPLIT SCHEDULE SEED
//   ask nats-tss.nb201 '|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|' cifar10 ori-test
//   200 777
#include <cstdio>
#include <cstdlib>
#include <nb201store/nb201store.hpp>

void describe(
    const nb201store::image& image);  // describe.cpp: the headers in two translation units

int main(int count, char** arguments) {
    if (count != 2 && count != 7) {
        std::fprintf(stderr, "usage: ask IMAGE [ARCH_STR DATASET SPLIT SCHEDULE SEED]\n");
        return 2;
    }
    try {
        const auto image = nb201store::image::open(arguments[1]);
        if (count == 2) {
            describe(image);
            return 0;
        }
        const auto code = nb201store::tss_arch_str_to_code(arguments[2]);
        const auto column = image.column(arguments[3], arguments[4], "accuracy",
                                         std::atoll(arguments[5]), -1, std::atoll(arguments[6]));
        std::printf("%.17g\n", column.at(code));
        return 0;
    } catch (const nb201store::error& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 2;
    }
}
