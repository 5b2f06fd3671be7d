// Writes the seed corpus of fuzz_pickle into the folder named: a small benchmark, whole and cut,
// and one file for each way of spelling that official files have.
#include <fstream>
#include <stdexcept>
#include <string>

#include "../cpp/pickle_builder.hpp"

namespace {

void write(const std::string& path, const std::string& pickle) {
    std::ofstream file(path, std::ios::binary);
    file << '\x0f' << pickle;  // the first byte is the fuzzer's own
    file.close();
    if (!file) throw std::runtime_error(path + ": cannot write");
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    using namespace pickled;
    const std::string folder = std::string(arguments[1]) + "/";
    const std::string whole = benchmark(2);
    write(folder + "benchmark", whole);
    write(folder + "half", whole.substr(0, whole.size() / 2));
    write(folder + "single", proto(2) + "}" + text("arch2infos") + "}" + integer(0) + cell(0) +
                                 "s" + integer(1) + cell(1) + "ss.");
    write(folder + "two", proto(2) + "N." + proto(4) + "N.");
    write(folder + "memo", proto(4) + std::string("\x95") + little(40, 8) + "(" +
                               short_text("key") + "\x94h" + little(0, 1) + get(0) + "g0\np1\nl.");
    write(folder + "set", proto(2) + "c__builtin__\nset\n](K\x01K\x02" + "e\x85R.");
    write(folder + "new_set", proto(4) + "\x8f(K\x01" + short_text("k") + "\x90.");
    write(folder + "names", proto(4) + short_text("collections") + short_text("OrderedDict") +
                                "\x93)R}" + text("_metadata") + "}sb.");
    write(folder + "bytes",
          proto(2) + "c_codecs\nencode\n" + text("a\xc3\xbf") + text("latin1") + "\x86R.");
    write(folder + "weights", proto(2) + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") +
                                  "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x06tQK" +
                                  little(0, 1) + "K\x06\x85K\x01\x85\x89NtR.");
    write(folder + "long", proto(2) + "\x8a\x0alllllllll\x01\x8b" + little(2, 4) + "\x01\x02\x86.");
    return 0;
}
