// CRC-32C against the vectors of RFC 3720, appendix B.4, and the check value of the Castagnoli
// polynomial.
#include <doctest/doctest.h>

#include <nb201store/crc32c.hpp>
#include <string>
#include <vector>

using nb201store::crc32c;

TEST_CASE("CRC-32C of the published vectors") {
    std::vector<std::uint8_t> bytes(32, 0);
    CHECK(crc32c(bytes.data(), 32) == 0x8A9136AAu);
    bytes.assign(32, 0xFF);
    CHECK(crc32c(bytes.data(), 32) == 0x62A8AB43u);
    for (std::uint8_t i = 0; i < 32; ++i) bytes[i] = i;
    CHECK(crc32c(bytes.data(), 32) == 0x46DD794Eu);
    for (std::uint8_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::uint8_t>(31 - i);
    CHECK(crc32c(bytes.data(), 32) == 0x113FDB5Cu);
    CHECK(crc32c("123456789", 9) == 0xE3069283u);
    CHECK(crc32c("", 0) == 0u);
}

TEST_CASE("CRC-32C goes on from an earlier part at every length") {
    const std::string text = "the quick brown fox jumps over the lazy dog";
    const std::uint32_t whole = crc32c(text.data(), text.size());
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        CHECK(crc32c(text.data() + cut, text.size() - cut, crc32c(text.data(), cut)) == whole);
}
