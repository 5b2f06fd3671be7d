// The C++ side of the benchmarks: the same workload names, baselines and rounds as in Python.
// Prints JSON that benchmarks/run.py takes in.
//
//   bench_image IMAGE [--rounds N] [--only point,curve] [--toy]
//
// Ends with 1 where a baseline answers otherwise than the image, 2 where it could not run.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

#include "batches.hpp"
#include "rows_and_columns.hpp"
#include "single_questions.hpp"

namespace {

#if defined(__clang__)
const std::string k_compiler = std::string("clang ") + __clang_version__;
#else
const std::string k_compiler = std::string("gcc ") + __VERSION__;
#endif

bench::options read_options(int count, char** words) {
    if (count < 2)
        throw std::runtime_error("usage: bench_image IMAGE [--rounds N] [--only A,B] [--toy]");
    bench::options out;
    out.image = words[1];
    for (int i = 2; i < count; ++i) {
        const bool has_value = i + 1 < count;
        if (std::strcmp(words[i], "--toy") == 0) {
            out.toy = true;
        } else if (std::strcmp(words[i], "--rounds") == 0 && has_value) {
            out.rounds = std::atoi(words[++i]);
        } else if (std::strcmp(words[i], "--only") == 0 && has_value) {
            std::istringstream names(words[++i]);
            for (std::string name; std::getline(names, name, ',');) out.only.insert(name);
        } else {
            throw std::runtime_error(std::string("unknown option ") + words[i]);
        }
    }
    if (out.rounds < 1) throw std::runtime_error("--rounds must be 1 or more");
    return out;
}

void run(const bench::options& with) {
    bench::inputs from{nb201store::image::open(with.image), with.toy ? 40U : 20'000U,
                       with.toy ? 300U : 1'000'000U};
    bench::report out;
    const bench::plain_column plain(from, bench::k_validation);
    bench::single_questions(out, with, from, plain);
    bench::rows_and_columns(out, with, from, plain);
    bench::batches(out, with, from, plain);
    std::cout << out.text(k_compiler);
}

}  // namespace

int main(int count, char** words) {
    try {
        run(read_options(count, words));
        return 0;
    } catch (const bench::disagreement& problem) {
        std::cerr << problem.what() << "\n";
        return 1;
    } catch (const std::exception& problem) {
        std::cerr << problem.what() << "\n";
        return 2;
    }
}
