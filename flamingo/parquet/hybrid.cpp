#include "flamingo/parquet/hybrid.h"

#include <algorithm>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/parquet/thrift.h"

namespace flamingo::parquet {
namespace {

/// The value of a run: as many bytes as its bits need.
uint32_t read_run_value(io::ByteReader& reader, int bit_width) {
  uint32_t value = 0;
  for (int shift = 0; shift < bit_width; shift += 8)
    value |= static_cast<uint32_t>(reader.read<uint8_t>()) << shift;
  return value;
}

/// Number `index` of bit-packed ones, least significant bit first.
uint32_t unpack_one(std::span<const std::byte> packed, uint64_t index, int bit_width) {
  uint32_t value = 0;
  for (int bit = 0; bit < bit_width;) {
    const uint64_t at = index * static_cast<uint64_t>(bit_width) + static_cast<uint64_t>(bit);
    const int offset = static_cast<int>(at % 8);
    const int taken = std::min(8 - offset, bit_width - bit);
    const auto byte = static_cast<uint32_t>(packed[at / 8]) >> offset;
    value |= (byte & ((1u << taken) - 1)) << bit;
    bit += taken;
  }
  return value;
}

}  // namespace

std::vector<uint32_t> read_hybrid(io::ByteReader& reader, int bit_width, uint64_t count) {
  require_within(reader.where(), "bit width", static_cast<int64_t>(bit_width), 0, 32);
  std::vector<uint32_t> values;
  values.reserve(count);
  while (values.size() < count) {
    const uint64_t header = read_varint(reader);
    const uint64_t wanted = count - values.size();
    if ((header & 1) == 0) {
      const uint32_t value = read_run_value(reader, bit_width);
      values.insert(values.end(), std::min(header >> 1, wanted), value);
      continue;
    }
    const auto packed =
        reader.take(checked_mul(header >> 1, static_cast<uint64_t>(bit_width), reader.where()));
    const uint64_t held = checked_mul(header >> 1, 8, reader.where());
    for (uint64_t i = 0; i < std::min(held, wanted); ++i)
      values.push_back(unpack_one(packed, i, bit_width));
  }
  return values;
}

}  // namespace flamingo::parquet
