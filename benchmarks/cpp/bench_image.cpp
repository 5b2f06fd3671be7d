// The C++ side of the benchmarks: the same workload names, baselines and rounds as in Python.
// Prints JSON that benchmarks/run.py takes in.
//
//   bench_image IMAGE [--rounds N] [--only point,curve] [--toy]
//
// Ends with 1 where a baseline answers otherwise than the image, 2 where it could not run.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>
#include <sstream>

#include "inputs.hpp"

namespace {

using bench::answers;
using bench::k_seed;
using bench::k_validation;

#if defined(__clang__)
const std::string k_compiler = std::string("clang ") + __clang_version__;
#else
const std::string k_compiler = std::string("gcc ") + __VERSION__;
#endif

struct options {
    std::string image;
    int rounds = 11;
    bool toy = false;
    std::set<std::string> only;

    bool wants(const std::string& workload) const {
        return only.empty() || only.count(workload) != 0;
    }
};

void open_warm(bench::report& out, const options& with) {
    constexpr std::size_t times = 50;
    const auto open_often = [&](answers& into) {
        for (std::size_t i = 0; i < times; ++i)
            into[0] = nb201store::image::open(with.image).cells();
    };
    out.add({"open_warm", "open", "open", {{"image::open", "ours", times, open_often}}}, 1,
            with.rounds);
}

void point(bench::report& out, const options& with, bench::inputs& from,
           const bench::plain_column& plain) {
    const auto codes = from.draw_codes(k_validation, from.points);
    const std::size_t place = bench::place_of(from.seeds_of(k_validation), k_seed);
    const auto& words = k_validation;
    const auto value = [&](answers& into) {
        for (std::size_t i = 0; i < codes.size(); ++i)
            into[i] = from.image.value(codes[i], words.dataset, words.split, words.metric,
                                       words.schedule, 199, k_seed);
    };
    const auto array = [&](answers& into) {
        for (std::size_t i = 0; i < codes.size(); ++i)
            into[i] = plain.row(static_cast<std::size_t>(codes[i]), place)[199];
    };
    const auto column = from.column(words, 199, k_seed);
    const auto at = [&](answers& into) {
        for (std::size_t i = 0; i < codes.size(); ++i) into[i] = column.at(codes[i]);
    };
    const auto unchecked = [&](answers& into) {
        for (std::size_t i = 0; i < codes.size(); ++i)
            into[i] = column[static_cast<std::size_t>(codes[i])];
    };
    const std::size_t n = codes.size();
    const bench::contender lower{"array in RAM", "baseline", n, array, "", plain.ready};
    if (with.wants("point"))
        out.add({"point", "200 epochs", "answer", {{"image::value", "ours", n, value}, lower}}, n,
                with.rounds);
    if (with.wants("point_handle"))
        out.add({"point_handle",
                 "column",
                 "answer",
                 {{"column::at", "ours", n, at, "checked"},
                  {"column::operator[]", "ours", n, unchecked, "unchecked"},
                  lower}},
                n, with.rounds);
}

void curve(bench::report& out, const options& with, bench::inputs& from,
           const bench::plain_column& plain) {
    const auto codes = from.draw_codes(k_validation, std::max<std::size_t>(1, from.points / 10));
    const std::size_t place = bench::place_of(from.seeds_of(k_validation), k_seed);
    const auto& words = k_validation;
    const auto ours = [&](answers& into) {
        double* to = into.data();
        for (const auto code : codes) {
            const auto found = from.image.curve(code, words.dataset, words.split, words.metric,
                                                words.schedule, k_seed);
            to = std::copy(found.values.begin(), found.values.end(), to);
        }
    };
    const auto array = [&](answers& into) {
        double* to = into.data();
        for (const auto code : codes) {
            const double* row = plain.row(static_cast<std::size_t>(code), place);
            const std::vector<double> found(row, row + plain.epochs);
            to = std::copy(found.begin(), found.end(), to);
        }
    };
    out.add({"curve",
             "200 epochs of one trial",
             "curve",
             {{"image::curve", "ours", codes.size(), ours},
              {"array in RAM, copied", "baseline", codes.size(), array, "", plain.ready}}},
            codes.size() * plain.epochs, with.rounds);
}

void column(bench::report& out, const options& with, bench::inputs& from,
            const bench::plain_column& plain) {
    const std::size_t cells = from.image.cells();
    const std::size_t place = bench::place_of(from.seeds_of(k_validation), k_seed);
    std::vector<std::uint8_t> present(cells);
    const auto ours = [&](answers& into) {
        from.column(k_validation, 199, k_seed).array(into.data(), present.data());
    };
    const auto array = [&](answers& into) {
        for (std::size_t code = 0; code < cells; ++code) into[code] = plain.row(code, place)[199];
    };
    out.add({"column",
             "one epoch of all cells",
             "cell",
             {{"column::array", "ours", cells, ours},
              {"array in RAM, strided", "baseline", cells, array, "", plain.ready}}},
            cells, with.rounds);
}

options read_options(int count, char** words) {
    if (count < 2)
        throw std::runtime_error("usage: bench_image IMAGE [--rounds N] [--only A,B] [--toy]");
    options out;
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

void run(const options& with) {
    bench::inputs from{nb201store::image::open(with.image), with.toy ? 40U : 20'000U,
                       with.toy ? 300U : 1'000'000U};
    bench::report out;
    if (with.wants("open_warm")) open_warm(out, with);
    const bench::plain_column plain(from, k_validation);
    if (with.wants("point") || with.wants("point_handle")) point(out, with, from, plain);
    if (with.wants("curve")) curve(out, with, from, plain);
    if (with.wants("column")) column(out, with, from, plain);
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
