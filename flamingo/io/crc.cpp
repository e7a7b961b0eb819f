#include "flamingo/io/crc.h"

#include <array>
#include <cstring>

namespace flamingo::io {
namespace {

using CrcTable = std::array<std::array<uint32_t, 256>, 8>;

/// table[k][b]: the effect of byte b, seen k bytes before the end of an eight-byte step.
constexpr CrcTable make_crc_table(uint32_t polynomial) {
  CrcTable table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0u);
    table[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = table[k - 1][byte];
      table[k][byte] = (before >> 8) ^ table[0][before & 0xFF];
    }
  }
  return table;
}

/// The 32-bit CRC that starts at and is inverted by all ones, for a polynomial in reflected
/// notation; eight bytes a step.
template <uint32_t kPolynomial>
uint32_t reflected_crc(std::span<const std::byte> bytes) {
  static constexpr CrcTable kTable = make_crc_table(kPolynomial);
  uint32_t crc = 0xFFFFFFFFu;
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    word ^= crc;
    crc = 0;
    for (size_t k = 0; k < 8; ++k) crc ^= kTable[7 - k][(word >> (8 * k)) & 0xFF];
    bytes = bytes.subspan(8);
  }
  for (const std::byte byte : bytes) {
    crc = (crc >> 8) ^ kTable[0][(crc ^ std::to_integer<uint32_t>(byte)) & 0xFF];
  }
  return ~crc;
}

}  // namespace

uint32_t crc32(std::span<const std::byte> bytes) { return reflected_crc<0xEDB88320u>(bytes); }

uint32_t crc32c(std::span<const std::byte> bytes) { return reflected_crc<0x82F63B78u>(bytes); }

}  // namespace flamingo::io
