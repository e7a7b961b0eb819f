#include "flamingo/parquet/delta.h"

#include <algorithm>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/parquet/thrift.h"

namespace flamingo::parquet {
namespace {

/// Number `index` of bit-packed ones of 0 to 64 bits, least significant bit first.
uint64_t unpack_one(std::span<const std::byte> packed, uint64_t index, uint64_t bit_width) {
  uint64_t value = 0;
  for (uint64_t bit = 0; bit < bit_width;) {
    const uint64_t at = index * bit_width + bit;
    const uint64_t taken = std::min(8 - at % 8, bit_width - bit);
    const auto byte = static_cast<uint64_t>(packed[at / 8]) >> (at % 8);
    value |= (byte & ((1u << taken) - 1)) << bit;
    bit += taken;
  }
  return value;
}

/// How a stream is cut up.
struct DeltaHeader {
  uint64_t parts = 0;        ///< miniblocks of a block
  uint64_t part_values = 0;  ///< values of a miniblock
  uint64_t first = 0;
};

DeltaHeader read_header(io::ByteReader& reader, uint64_t count) {
  const uint64_t block_values = read_varint(reader);
  DeltaHeader header{.parts = read_varint(reader)};
  const uint64_t total = read_varint(reader);
  const uint64_t parts = header.parts;
  const bool even = parts > 0 && block_values % parts == 0;
  require(even && block_values > 0 && block_values % 128 == 0 && block_values / parts % 32 == 0,
          reader.where(),
          "expected blocks of a multiple of 128 deltas in parts of a multiple of 32, got {} in {}",
          block_values, parts);
  require(total == count, reader.where(), "expected {} values, got {}", count, total);
  header.part_values = block_values / parts;
  header.first = static_cast<uint64_t>(unzigzag(read_varint(reader)));
  return header;
}

uint64_t sum_of(const std::vector<int64_t>& lengths, std::string_view where) {
  uint64_t sum = 0;
  for (const int64_t length : lengths) {
    require(length >= 0, where, "expected lengths >= 0, got {}", length);
    sum = checked_add(sum, static_cast<uint64_t>(length), where);
  }
  return sum;
}

}  // namespace

std::vector<int64_t> read_delta_numbers(io::ByteReader& reader, uint64_t count, bool is_64_bit) {
  if (count == 0) return {};
  const DeltaHeader header = read_header(reader, count);
  std::vector<int64_t> values;
  values.reserve(count);
  uint64_t value = header.first;
  const auto add = [&] {
    values.push_back(is_64_bit ? static_cast<int64_t>(value)
                               : static_cast<int32_t>(static_cast<uint32_t>(value)));
  };
  add();
  while (values.size() < count) {
    const auto least = static_cast<uint64_t>(unzigzag(read_varint(reader)));
    for (const std::byte width : reader.take(header.parts)) {
      if (values.size() == count) break;  // widths of parts that are not there
      const auto bits = static_cast<uint64_t>(width);
      require(bits <= 64, reader.where(), "expected deltas of at most 64 bits, got {}", bits);
      const auto packed = reader.take(checked_mul(header.part_values / 8, bits, reader.where()));
      const uint64_t held = std::min<uint64_t>(header.part_values, count - values.size());
      for (uint64_t i = 0; i < held; ++i) {
        value += least + unpack_one(packed, i, bits);
        add();
      }
    }
  }
  return values;
}

std::vector<std::string_view> read_delta_length_texts(io::ByteReader& reader, uint64_t count) {
  const auto lengths = read_delta_numbers(reader, count);
  const uint64_t size = sum_of(lengths, reader.where());
  std::string_view bytes = reader.take_text(size);
  std::vector<std::string_view> texts;
  texts.reserve(count);
  for (const int64_t length : lengths) {
    texts.push_back(bytes.substr(0, static_cast<size_t>(length)));
    bytes.remove_prefix(static_cast<size_t>(length));
  }
  return texts;
}

std::vector<std::string_view> read_delta_texts(io::ByteReader& reader, uint64_t count,
                                               uint64_t max_bytes, std::string& storage) {
  const auto shared = read_delta_numbers(reader, count);
  const auto endings = read_delta_length_texts(reader, count);
  uint64_t size = sum_of(shared, reader.where());
  for (const std::string_view ending : endings)
    size = checked_add(size, ending.size(), reader.where());
  require(size <= max_bytes, reader.where(), "expected at most {} bytes of values, got {}",
          max_bytes, size);
  storage.clear();
  storage.reserve(size);  // exactly, so that the views stay
  std::vector<std::string_view> texts;
  texts.reserve(count);
  std::string_view last;
  for (uint64_t i = 0; i < count; ++i) {
    const auto beginning = static_cast<size_t>(shared[i]);
    require(beginning <= last.size(), reader.where(),
            "expected a beginning of at most {} bytes, got {}", last.size(), beginning);
    const size_t at = storage.size();
    storage.append(last.data(), beginning).append(endings[i]);
    last = std::string_view(storage).substr(at);
    texts.push_back(last);
  }
  return texts;
}

}  // namespace flamingo::parquet
