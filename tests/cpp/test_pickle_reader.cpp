// The pickle reader on what official files hold: parts in their order, texts and orders of keys
// shared, everything of a cell forgotten behind it.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pickle_builder.hpp"
#include "pickle_reading.hpp"

using namespace pickled;
using lines = std::vector<std::string>;

namespace {

lines read(const std::string& bytes, std::size_t step = 1U << 20U) {
    pickle::reader reader(source(bytes, step), "some.pth");
    lines found = items(reader);
    CHECK(reader.at_end());
    CHECK(reader.offset() == bytes.size());
    return found;
}

std::string whole(const std::string& bytes) {
    pickle::reader reader(source(bytes), "some.pth");
    const lines found = items(reader, false);
    REQUIRE(found.size() == 1);
    return found[0].substr(std::string("whole = ").size());
}

std::string shown_cell(unsigned index) {
    const std::string i = std::to_string(index);
    std::string losses, evals;
    for (unsigned epoch = 0; epoch < 4; ++epoch) {
        losses += " " + std::to_string(index + epoch / 8.0);
        evals += " " + std::to_string(-1.0 * index - epoch);
    }
    return "cell " + i + " = {full,{losses,{packed 0:" + losses + "},params,float64 " + i +
           ".500000,evals,O{packed 1:" + evals + "},seeds,[1,2,],],]";
}

}  // namespace

TEST_CASE("a benchmark comes in its parts, the cells in between") {
    const lines expected = {"entry meta_archs = [a,b,]",
                            shown_cell(0),
                            shown_cell(1),
                            shown_cell(2),
                            "entry arch2infos = {]",
                            "entry evaluated_indexes = [0,1,2,]"};
    CHECK(read(benchmark(3)) == expected);
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}})
        CHECK(read(benchmark(3), step) == expected);
}

TEST_CASE("a cell is handed out before the next is read") {
    const std::string bytes = benchmark(3);
    pickle::reader reader(
        source(bytes.substr(0, bytes.find("x-valid@3", bytes.find("x-valid@3") + 1)), 1),
        "cut.pth");
    reader.begin(true);
    pickle::item item;
    REQUIRE(reader.next(item));
    REQUIRE(reader.next(item));
    CHECK(item.where == pickle::item::place::cell);
    CHECK(reader.cells() == 1);
    CHECK_THROWS_WITH_AS(reader.next(item), doctest::Contains("after 1 architecture)"),
                         nb201store::error);
    CHECK_THROWS_WITH_AS(reader.next(item), doctest::Contains("after an error"), nb201store::error);
}

TEST_CASE("memory does not grow with the number of cells") {
    pickle::reader reader(source(benchmark(250)), "f");
    reader.begin(true);
    pickle::item item;
    std::size_t nodes = 0, values = 0;
    while (reader.next(item)) {
        const pickle::arena& objects = reader.state().objects;
        if (item.where != pickle::item::place::cell) continue;
        if (nodes == 0) {
            nodes = objects.nodes.size();
            values = objects.values.size();
        }
        CHECK(objects.nodes.size() == nodes);
        CHECK(objects.values.size() == values);
    }
    CHECK(nodes > 0);
    CHECK(reader.cells() == 250);
    CHECK(reader.state().orders.size() == 2);
}

TEST_CASE("cells stored one by one, and an ordered dict of them") {
    const std::string one_by_one = proto(2) + "}" + text("arch2infos") + "}" + integer(4) +
                                   cell(4) + "s" + integer(2) + cell(2) + "ss.";
    CHECK(read(one_by_one) == lines{shown_cell(4), shown_cell(2), "entry arch2infos = {]"});
    const std::string ordered = proto(2) + "ccollections\nOrderedDict\n)R(" + text("arch2infos") +
                                "ccollections\nOrderedDict\n)R(" + integer(7) + cell(7) + "u" +
                                text("k") + "Nu.";
    CHECK(read(ordered) == lines{shown_cell(7), "entry arch2infos = O{]", "entry k = None"});
    pickle::reader reader(source(ordered), "f");
    items(reader);
    CHECK(reader.container() == pickle::kind::ordered_dict);
}

TEST_CASE("arch2infos without cells, and without a dict") {
    CHECK(read(proto(2) + "}(" + text("arch2infos") + "N" + text("k") + "Nu.") ==
          lines{"entry arch2infos = None", "entry k = None"});
    CHECK(read(proto(2) + "}" + text("arch2infos") + "}s.") == lines{"entry arch2infos = {]"});
    CHECK(read(proto(2) + "}.").empty());
}

TEST_CASE("a record is handed out by its entries, anything else whole") {
    const std::string record = proto(4) + "}(" + short_text("12") + cell(1) + "u.";
    const lines found = read(record);
    REQUIRE(found.size() == 1);
    CHECK(found[0].substr(0, 24) == "entry 12 = {full,{losses");
    CHECK(read(proto(2) + "](K\x01K\x02" + "e.") == lines{"whole = [1,2,]"});
    CHECK(read(proto(2) + integer(1001) + ".") == lines{"whole = 1001"});
}

TEST_CASE("one pickle behind the other") {
    const std::string bytes = proto(2) + integer(1001) + "." + benchmark(1) + proto(2) + "].";
    pickle::reader reader(source(bytes, 3), "f");
    CHECK(items(reader) == lines{"whole = 1001"});
    CHECK(items(reader).size() == 4);
    CHECK_FALSE(reader.at_end());
    CHECK(items(reader) == lines{"whole = []"});
    CHECK(reader.at_end());
}

TEST_CASE("texts and names are remembered across cells, what was in a cell is forgotten") {
    const std::string head = proto(2) + "}" + text("arch2infos") + "}(" + integer(0) + "}" +
                             text("name") + put(0) + "]" + put(1) + "s" + integer(1) + "}";
    CHECK(read(head + get(0) + get(0) + "sus.") ==
          lines{"cell 0 = {name,[],]", "cell 1 = {name,name,]", "entry arch2infos = {]"});
    pickle::reader reader(source(head + get(0) + get(1) + "sus."), "f");
    CHECK_THROWS_WITH_AS(items(reader),
                         doctest::Contains("memo entry 1 is of an earlier architecture"),
                         nb201store::error);
}

TEST_CASE("what is outside of the cells is remembered in them") {
    CHECK(read(proto(2) + "}(" + text("meta_archs") + "](" + text("a") + "e" + put(0) +
               text("arch2infos") + "}" + integer(0) + "}" + text("k") + get(0) + "ssu.") ==
          lines{"entry meta_archs = [a,]", "cell 0 = {k,[a,],]", "entry arch2infos = {]"});
}

TEST_CASE("every spelling of a value") {
    CHECK(whole(proto(2) + "(N\x88\x89J\xfe\xff\xff\xffK\x05M\x01\x02t.") ==
          "(None,True,False,-2,5,513,]");
    CHECK(whole(proto(2) + "\x8a\x01\xff.") == "-1");
    CHECK(whole(std::string(proto(2) + "\x8a") + std::string(1, '\0') + ".") == "0");
    CHECK(whole(proto(2) + "\x8a\x08" + little(1ULL << 63U, 8) + ".") == "-9223372036854775808");
    CHECK(whole(proto(2) + "\x8a\x09" + little(0, 8) + "\x01.").substr(0, 6) == "bytes ");
    CHECK(whole(proto(2) + real(-0.5) + ".") == "-0.500000");
    CHECK(whole(proto(2) + scalar(2.5) + ".") == "float64 2.500000");
    CHECK(whole(proto(2) + "c_codecs\nencode\n" + text("a\xc3\xbf\xc2\x80") + text("latin1") +
                "\x86R.") == "bytes a\xff\x80");
    CHECK(whole(proto(4) + "\x8d" + little(3, 8) + "abc.") == "abc");
    CHECK(whole(proto(4) + "\x8e" + little(3, 8) + "abc.") == "bytes abc");
    CHECK(whole(proto(4) + "\x8f(K\x01K\x02\x90.") == "{1,2,]");
    CHECK(whole(proto(4) + short_text("builtins") + short_text("set") + "\x93](K\x01" +
                "e\x85R.") == "{1,]");
    CHECK(whole(proto(2) + "))\x86.") == "((],(],]");
    CHECK(whole(proto(2) + text("na\xc3\xafve") + "p0\n" + "g0\n\x86.") ==
          "(bytes na\xc3\xafve,...,]");
}

TEST_CASE("only dicts of one type of key and one type of float are packed") {
    const std::string one = proto(2) + "}(";
    CHECK(whole(one + integer(3) + real(1) + integer(1) + real(2) + "u.") ==
          "{packed 0: 1.000000 2.000000}");
    CHECK(whole(one + text("a") + scalar(1) + "u.") == "{packed 0: 1.000000}");
    CHECK(whole(one + text("a") + scalar(1) + text("b") + real(1) + "u.") ==
          "{a,float64 1.000000,b,1.000000,]");
    CHECK(whole(one + text("a") + real(1) + integer(1) + real(1) + "u.") ==
          "{a,1.000000,1,1.000000,]");
    CHECK(whole(one + text("a") + real(1) + text("a") + real(2) + "u.") ==
          "{a,1.000000,a,2.000000,]");
    CHECK(whole(one + text("a") + integer(1) + "u.") == "{a,1,]");
    // in two batches
    CHECK(whole(one + text("a") + real(1) + "u(" + text("b") + real(2) + "u.") ==
          "{packed 0: 1.000000 2.000000}");
}

TEST_CASE("weights are one placeholder, attributes of an ordered dict are dropped") {
    const std::string storage =
        "((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x06tQ";
    CHECK(whole(proto(2) + "ctorch._utils\n_rebuild_tensor_v2\n" + storage +
                "K\x01K\x06\x85NtR.") == "weights");
    CHECK(whole(proto(4) + "ctorch.storage\n_load_from_bytes\nC\x03" + "abc\x85R.") == "weights");
    CHECK(whole(proto(2) + "ccollections\nOrderedDict\n)R}" + text("values") + "K\x01sb.") ==
          "O{]");
}

namespace {

std::string storage(const std::string& type, unsigned count) {
    return "(" + text("storage") + "ctorch\n" + type + "\n" + text("7") + text("cpu") +
           integer(count) + "tQ";
}

std::string kept(const std::string& bytes) {
    pickle::reader reader(source(bytes), "some.pth");
    reader.keep_weights();
    const lines found = items(reader, false);
    REQUIRE(found.size() == 1);
    return found[0].substr(std::string("whole = ").size());
}

}  // namespace

TEST_CASE("weights that are kept are what they were made of") {
    const std::string tensor = "ctorch._utils\n_rebuild_tensor_v2\n(" + storage("FloatStorage", 6) +
                               "K\x01K\x06\x85K\x01\x85tR";
    CHECK(kept(proto(2) + tensor + ".") ==
          "tensor(storage(storage,FloatStorage,7,cpu,6,],1,(6,],(1,],]");
    CHECK(kept(proto(2) + "ctorch._utils\n_rebuild_parameter\n(" + tensor + "\x88tR.") ==
          "parameter(tensor(storage(storage,FloatStorage,7,cpu,6,],1,(6,],(1,],],True,]");
    // A storage's type keeps its meaning in the memo.
    CHECK(kept(proto(2) + "](ctorch\nLongStorage\n" + put(0) + get(0) + "e.") ==
          "[LongStorage,LongStorage,]");
}

TEST_CASE("of long bytes only the place is kept, and what follows them is read") {
    const std::string start = proto(4) + "ctorch.storage\n_load_from_bytes\nB" + little(200, 4);
    const std::string bytes = start + std::string(200, 'x') + "\x85R.";
    CHECK(kept(bytes) == "loaded(outside " + std::to_string(start.size()) + " 200,]");
    CHECK(whole(bytes) == "weights");
    CHECK_THROWS_WITH_AS(whole(bytes.substr(0, start.size() + 150)),
                         doctest::Contains("truncated file"), nb201store::error);
}

TEST_CASE("the sizes of storages are told, and must agree") {
    const std::string same = storage("HalfStorage", 6);
    pickle::reader reader(source(proto(2) + "](" + same + same + "e."), "some.pth");
    CHECK(items(reader, false) == lines{"whole = [weights,weights,]"});
    REQUIRE(reader.state().storages.size() == 1);
    const auto& [key, size] = *reader.state().storages.begin();
    CHECK(reader.state().texts[key] == "7");
    CHECK(pickle::k_storages[size.type] == "HalfStorage");
    CHECK(size.count == 6);
    for (const std::string& other : {storage("HalfStorage", 7), storage("ShortStorage", 6)})
        CHECK_THROWS_WITH_AS(whole(proto(2) + "](" + same + other + "e."),
                             doctest::Contains("storage 7 twice"), nb201store::error);
}
