// The opcodes of pickles: those that the machine knows, and the names of those that it refuses.
#pragma once

#include <cstdint>
#include <string>

#include "pickle_limits.hpp"

namespace nb201store::pickle {

enum class opcode : std::uint8_t {
    proto = 0x80,
    frame = 0x95,
    stop = '.',
    mark = '(',
    none = 'N',
    newtrue = 0x88,
    newfalse = 0x89,
    binint = 'J',
    binint1 = 'K',
    binint2 = 'M',
    long1 = 0x8a,
    long4 = 0x8b,
    binfloat = 'G',
    binunicode = 'X',
    short_binunicode = 0x8c,
    binunicode8 = 0x8d,
    binbytes = 'B',
    short_binbytes = 'C',
    binbytes8 = 0x8e,
    empty_tuple = ')',
    tuple = 't',
    tuple1 = 0x85,
    tuple2 = 0x86,
    tuple3 = 0x87,
    empty_list = ']',
    append = 'a',
    appends = 'e',
    empty_dict = '}',
    setitem = 's',
    setitems = 'u',
    empty_set = 0x8f,
    additems = 0x90,
    global = 'c',
    stack_global = 0x93,
    reduce = 'R',
    build = 'b',
    binpersid = 'Q',
    put = 'p',
    binput = 'q',
    long_binput = 'r',
    memoize = 0x94,
    get = 'g',
    binget = 'h',
    long_binget = 'j',
};

/// The name of an opcode that no official file uses, or null of a byte that is no opcode.
inline const char* refused_name(std::uint8_t code) {
    switch (code) {
        case 'i':
            return "INST";
        case 'o':
            return "OBJ";
        case 0x81:
            return "NEWOBJ";
        case 0x92:
            return "NEWOBJ_EX";
        case 0x82:
            return "EXT1";
        case 0x83:
            return "EXT2";
        case 0x84:
            return "EXT4";
        case 'P':
            return "PERSID";
        case 0x96:
            return "BYTEARRAY8";
        case 0x97:
            return "NEXT_BUFFER";
        case 0x98:
            return "READONLY_BUFFER";
        case 0x91:
            return "FROZENSET";
        case '0':
            return "POP";
        case '1':
            return "POP_MARK";
        case '2':
            return "DUP";
        case 'I':
            return "INT";
        case 'L':
            return "LONG";
        case 'F':
            return "FLOAT";
        case 'S':
            return "STRING";
        case 'T':
            return "BINSTRING";
        case 'U':
            return "SHORT_BINSTRING";
        case 'V':
            return "UNICODE";
        case 'd':
            return "DICT";
        case 'l':
            return "LIST";
        default:
            return nullptr;
    }
}

[[noreturn]] inline void refuse_opcode(std::uint8_t code) {
    const char* name = refused_name(code);
    if (name != nullptr)
        refuse("opcode " + std::string(name) + ", which no official file uses; it was not run");
    refuse("not a sound pickle: byte " + std::to_string(code) + " is no opcode");
}

}  // namespace nb201store::pickle
