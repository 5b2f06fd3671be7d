// What the pickle reader refuses: by name, at its byte, before memory is asked for.
#include <doctest/doctest.h>

#include <string>

#include "pickle_builder.hpp"
#include "pickle_reading.hpp"

using namespace pickled;

namespace {

/// The message of the error; the message of whole and streamed reading must be the same.
std::string refused(const std::string& bytes, bool both = true) {
    std::string messages[2];
    for (const bool streaming : {false, true}) {
        pickle::reader reader(source(bytes), "some.pth");
        try {
            items(reader, streaming);
        } catch (const nb201store::error& problem) {
            CHECK(problem.code() == nb201store::errc::source);
            CHECK(problem.offset() <= bytes.size());
            messages[streaming] = problem.what();
        }
    }
    if (both) CHECK(messages[0] == messages[1]);
    CHECK(messages[1].substr(0, 10) == "some.pth: ");
    CHECK(messages[1].find('\n') == std::string::npos);
    return messages[1];
}

bool has(const std::string& message, const std::string& part) {
    INFO(message);
    const bool found = message.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

}  // namespace

TEST_CASE("every opcode that could import, call or extend is refused by its name and byte") {
    const struct {
        unsigned char code;
        const char* name;
    } opcodes[] = {
        {'i', "INST"},
        {'o', "OBJ"},
        {0x81, "NEWOBJ"},
        {0x92, "NEWOBJ_EX"},
        {0x82, "EXT1"},
        {0x83, "EXT2"},
        {0x84, "EXT4"},
        {'P', "PERSID"},
        {0x96, "BYTEARRAY8"},
        {0x97, "NEXT_BUFFER"},
        {0x98, "READONLY_BUFFER"},
        {'0', "POP"},
        {'1', "POP_MARK"},
        {'2', "DUP"},
        {'S', "STRING"},
        {'I', "INT"},
        {'L', "LONG"},
        {'F', "FLOAT"},
        {'T', "BINSTRING"},
        {'U', "SHORT_BINSTRING"},
        {'V', "UNICODE"},
        {'d', "DICT"},
        {'l', "LIST"},
        {0x91, "FROZENSET"},
    };
    for (const auto& [code, name] : opcodes) {
        const std::string bytes = proto(4) + "(KKKK" + static_cast<char>(code) + "os\nsystem\n.";
        has(refused(bytes), "opcode " + std::string(name) + ", which no official file uses");
        has(refused(bytes), "(byte 7)");
    }
}

TEST_CASE("every byte is an opcode that is known, refused by name, or none") {
    for (unsigned code = 0; code < 256; ++code) {
        const std::string message =
            refused(proto(2) + static_cast<char>(code) + std::string(300, '\xff'));
        CHECK_FALSE(message.empty());
    }
}

TEST_CASE("names outside the allow-list") {
    has(refused(proto(2) + "cos\nsystem\n."), "the pickle names os.system, which no");
    has(refused(proto(4) + short_text("os") + short_text("system") + "\x93."), "os.system");
    has(refused(proto(4) + short_text("collections") + short_text("OrderedDict.fromkeys") +
                "\x93."),
        "collections.OrderedDict.fromkeys");
    has(refused(proto(2) + "co\x1b[2J\nx\n."), "o\\x1b[2J.x");
    has(refused(proto(2) + "c" + std::string(300, 'x')), "a line of more than 256 bytes");
    has(refused(proto(4) + "K\x01K\x02\x93."), "by other than two texts");
}

TEST_CASE("calls with other arguments than official files have") {
    const std::string dtype = "cnumpy\ndtype\n";
    has(refused(proto(2) + dtype + text("i8") + "K\x01K\x01\x87R."), "numpy.dtype i8");
    has(refused(proto(2) + dtype + "]K\x01K\x01\x87R."), "numpy.dtype of another object");
    has(refused(proto(2) + dtype + ")R."), "numpy.dtype of another object");
    has(refused(proto(2) + "ccollections\nOrderedDict\n]\x85R."), "OrderedDict with arguments");
    has(refused(proto(2) + "c__builtin__\nset\n)R."), "set with something else");
    has(refused(proto(2) + "c__builtin__\nset\n](]e\x85R."), "a key that is neither");
    has(refused(proto(2) + "cnumpy.core.multiarray\nscalar\nNN\x86R."), "not a float64 of 8 bytes");
    has(refused(proto(2) + "c_codecs\nencode\n" + text("x") + text("utf-8") + "\x86R."), "latin1");
    has(refused(proto(2) + "c_codecs\nencode\n" + text("\xc4\x80") + text("latin1") + "\x86R."),
        "not latin1");
    has(refused(proto(2) + "ctorch\nFloatStorage\n)R."), "not a function");
    has(refused(proto(2) + "c_codecs\nencode\nNR."), "arguments that are no tuple");
    has(refused(proto(2) + "c_codecs\nencode\n}b."), "sets the state of a function");
    has(refused(proto(2) + "]}b."), "sets the state of an object that has none");
    has(refused(proto(2) + dtype + text("f8") + "K\x01K\x01\x87R(K\x03" + text(">") + "tb."),
        "little-endian float64");
    has(refused(proto(2) + "K\x01Q."), "not a torch storage");
    has(refused(proto(2) + ")Q."), "not a torch storage");
}

TEST_CASE("a name is no data") {
    has(refused(proto(2) + "c_codecs\nencode\n."), "a name stands where data are expected");
    has(refused(proto(2) + "cnumpy\ndtype\n" + text("f8") + "K\x01K\x01\x87R\x85."),
        "a name stands");
}

TEST_CASE("objects nested too deep, or in themselves") {
    has(refused(proto(2) + "]" + put(0) + get(0) + "a."),
        "nested more than 64 deep, or in themselves");
    const auto nested = [](std::size_t depth) {
        return proto(2) + std::string(depth, ']') + std::string(depth - 1, 'a') + ".";
    };
    pickle::reader reader(source(nested(64)), "f");
    CHECK(items(reader).size() == 1);
    has(refused(nested(65)), "nested more than 64 deep");
    has(refused(proto(2) + std::string(300, '(')), "nested more than 256 deep");
    // Shared again and again: 2 to the 60 lists if each were visited.
    std::string bomb = proto(2) + "]" + put(0);
    for (unsigned level = 0; level < 60; ++level)
        bomb += "](" + get(level) + get(level) + "e" + put(level + 1);
    has(refused(bomb + "."), "it ends with other than one object");
    std::string kept = proto(2) + "]" + put(0) + "\x85";
    for (unsigned level = 1; level < 60; ++level) kept += "\x85";
    pickle::reader deep(source(kept + "."), "f");
    CHECK(items(deep).size() == 1);
}

TEST_CASE("keys that are not flat") {
    has(refused(proto(2) + "}]Ns."), "a key that is neither a str, an int nor a tuple");
    has(refused(proto(2) + "}NNs."), "a key that is neither");
    has(refused(proto(2) + "}))\x86Ns."), "a key that is a tuple of something else");
    has(refused(proto(4) + "\x8f(]\x90."), "a key that is neither");
}

TEST_CASE("announced sizes cost nothing") {
    has(refused(proto(4) + "\x8d" + little(1ULL << 62U, 8) + "x."), "of more than 64 MiB");
    has(refused(proto(4) + "\x8e" + little(1ULL << 40U, 8) + "x."), "of more than 64 MiB");
    has(refused(proto(2) + "B\xff\xff\xff\xff."), "of more than 64 MiB");
    has(refused(proto(2) + "X\xff\xff\xff\x03."), "truncated");
    has(refused(proto(4) + "\x95" + little(1ULL << 62U, 8)), "a frame of more than 65 MiB");
    has(refused(proto(2) + "\x8b\xff\xff\xff\x7f."), "an int of more than 255 bytes");
    has(refused(proto(2) + "Nr\xff\xff\xff\xff."), "a memo index beyond the next, 0");
    has(refused(proto(2) + "Nq\x01."), "a memo index beyond the next, 0");
    has(refused(proto(2) + "Np99999999999\n."), "a memo index that is no number");
    has(refused(proto(2) + "h\x05."), "memo entry 5 is read but was never written");
    has(refused(proto(2) + "g7x\n."), "a memo index that is no number");
}

TEST_CASE("bombs hit a limit") {
    const std::size_t many = (std::size_t{1} << 24U) + 1;
    has(refused(proto(4) + "]" + std::string(many, '\x94')), "more than 16 million memo entries");
    has(refused(proto(4) + "(" + std::string(many, 'N')), "more than a million objects");
    has(refused(proto(4) + "(" + put(0), false), "the stack is too short");
    const std::string round = "(" + std::string(1000000, ')') + "e";
    std::string list = proto(4) + "]";
    for (int i = 0; i < 6; ++i) list += round;
    has(refused(list), "one object of more than 256 MiB");
}

TEST_CASE("what is no pickle") {
    has(refused("<html>"), "not a pickle of protocol 2 to 5");
    has(refused("\x80\x01."), "found 1");
    has(refused("\x80\x06."), "found 6");
    for (const std::string rest :
         {".",     "a.",    "s.",     "u.",           "e.",  "t.",   "\x90.", "R.",
          "b.",    "Q.",    "\x93.",  "(.",           "NN.", "N(e.", "Na.",   "NNNs.",
          "}(Nu.", "]NNs.", "(\x85.", "K\x01(\x85t.", "q",   ""})
        CHECK_FALSE(refused(proto(2) + rest).empty());
    has(refused(proto(2) + text("\xff") + "."), "not valid UTF-8");
    has(refused(proto(2) + text("\xed\xa0\x80") + "."), "not valid UTF-8");
    has(refused(proto(2) + text("\xc0\x80") + "."), "not valid UTF-8");
    has(refused(proto(2) + text("a\xe2\x82") + "."), "not valid UTF-8");
}

TEST_CASE("cut at every length, the error says where and after how many cells") {
    const std::string whole = benchmark(3);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        pickle::reader reader(source(whole.substr(0, length), 16), "cut.pth");
        std::string message;
        std::uint64_t cells = 0;
        try {
            reader.begin(true);
            pickle::item item;
            while (reader.next(item)) cells += item.where == pickle::item::place::cell ? 1 : 0;
        } catch (const nb201store::error& problem) {
            message = problem.what();
        }
        has(message, "truncated file (byte " + std::to_string(length));
        if (cells > 0)
            has(message,
                ", after " + std::to_string(cells) + " architecture" + (cells > 1 ? "s)" : ")"));
    }
}

TEST_CASE("any byte changed is read or refused") {
    const std::string whole = benchmark(2);
    for (std::size_t i = 0; i < whole.size(); ++i)
        for (const int flip : {0x01, 0x10, 0x41, 0x80, 0xff}) {
            std::string changed = whole;
            changed[i] = static_cast<char>(changed[i] ^ flip);
            read_anything(changed, 64);
        }
}

TEST_CASE("what was handed out cannot be changed, nor kept from being forgotten") {
    const std::string list = proto(2) + "}(" + text("l") + "]" + put(0) + text("arch2infos") + "}";
    has(refused(list + integer(0) + "}" + text("k") + get(0) + "Nass", false),
        "changes an object that was complete");
    const std::string infos = proto(2) + "}" + put(0) + text("arch2infos") + "}" + put(1);
    has(refused(infos + integer(0) + "}s" + get(1) + integer(1) + "}s", false),
        "changes arch2infos from within");
    has(refused(infos + integer(0) + "}" + get(0) + text("k") + "Ns", false),
        "changes the outermost dict from within");
    has(refused(proto(2) + "}" + text("k") + "NsN\x86.", false), "became a part of something else");
    // a dict with an int key inside of what looks like a cell
    has(refused(infos + "(" + integer(0) + "}" + integer(5) + "Nsus.", false),
        "not a sound pickle");
}
