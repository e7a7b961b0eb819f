#include "flamingo/parquet/snappy.h"

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/parquet/thrift.h"

namespace flamingo::parquet {
namespace {

constexpr uint64_t kMaxRatio = 22;  // 64 bytes from a copy of 3

uint64_t read_number(io::ByteReader& reader, uint64_t num_bytes) {
  uint64_t value = 0;
  for (uint64_t i = 0; i < num_bytes; ++i)
    value |= static_cast<uint64_t>(reader.read<uint8_t>()) << (8 * i);
  return value;
}

/// How far back a copy begins and how long it is.
struct Copy {
  uint64_t distance = 0;
  uint64_t size = 0;
};

Copy read_copy(io::ByteReader& reader, uint8_t tag) {
  if ((tag & 3) == 1) {
    const uint64_t high = static_cast<uint64_t>(tag >> 5) << 8;
    return {high | read_number(reader, 1), 4u + ((tag >> 2) & 7u)};
  }
  return {read_number(reader, (tag & 3) == 2 ? 2 : 4), 1u + (tag >> 2)};
}

uint64_t literal_size(io::ByteReader& reader, uint8_t tag) {
  const uint64_t size = tag >> 2;
  return 1 + (size < 60 ? size : read_number(reader, size - 59));
}

}  // namespace

std::string unpack_snappy(std::span<const std::byte> bytes, uint64_t size,
                          const std::string& where) {
  io::ByteReader reader(bytes, where);
  const auto refuse = [&] { fail(where, "expected a Snappy block of {} bytes, got damage", size); };
  if (read_varint(reader) != size || size / kMaxRatio > bytes.size()) refuse();
  std::string out;
  out.reserve(size);
  while (reader.remaining() > 0) {
    const auto tag = reader.read<uint8_t>();
    if ((tag & 3) == 0) {
      out += reader.take_text(literal_size(reader, tag));
    } else {
      const Copy copy = read_copy(reader, tag);
      if (copy.distance == 0 || copy.distance > out.size()) refuse();
      for (uint64_t i = 0; i < copy.size; ++i) out += out[out.size() - copy.distance];
    }
    if (out.size() > size) refuse();
  }
  if (out.size() != size) refuse();
  return out;
}

}  // namespace flamingo::parquet
