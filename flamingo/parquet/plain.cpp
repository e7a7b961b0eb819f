#include "flamingo/parquet/plain.h"

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo::parquet {
namespace {

template <class Stored, class Wide>
std::vector<Wide> read_numbers(io::ByteReader& reader, uint64_t count) {
  io::ByteReader numbers(reader.take(checked_mul(count, sizeof(Stored), reader.where())),
                         reader.where());
  std::vector<Wide> values(count);
  for (Wide& value : values) value = static_cast<Wide>(numbers.read<Stored>());
  return values;
}

std::vector<int64_t> read_bits(io::ByteReader& reader, uint64_t count) {
  const auto packed = reader.take(count / 8 + (count % 8 != 0));
  std::vector<int64_t> values(count);
  for (uint64_t i = 0; i < count; ++i)
    values[i] = static_cast<int64_t>(packed[i / 8] >> (i % 8) & std::byte{1});
  return values;
}

std::vector<std::string_view> read_texts(io::ByteReader& reader, uint64_t count) {
  require(count <= reader.remaining() / sizeof(uint32_t), reader.where(),
          "expected {} values in the page, got fewer bytes", count);
  std::vector<std::string_view> values(count);
  for (auto& value : values) value = reader.take_text(reader.read<uint32_t>());
  return values;
}

}  // namespace

ParquetPlain read_plain(io::ByteReader& reader, ParquetType type, uint64_t count) {
  switch (type) {
    case ParquetType::kBool:
      return read_bits(reader, count);
    case ParquetType::kInt32:
      return read_numbers<int32_t, int64_t>(reader, count);
    case ParquetType::kInt64:
      return read_numbers<int64_t, int64_t>(reader, count);
    case ParquetType::kFloat:
      return read_numbers<float, double>(reader, count);
    case ParquetType::kDouble:
      return read_numbers<double, double>(reader, count);
    case ParquetType::kBytes:
      return read_texts(reader, count);
    case ParquetType::kInt96:
    case ParquetType::kFixedBytes:
      break;
  }
  fail(reader.where(), "expected booleans, numbers or bytes, got INT96 or fixed-length bytes");
}

ParquetPlain read_split(io::ByteReader& reader, ParquetType type, uint64_t count) {
  const bool is_32_bit = type == ParquetType::kInt32 || type == ParquetType::kFloat;
  const bool is_64_bit = type == ParquetType::kInt64 || type == ParquetType::kDouble;
  require(is_32_bit || is_64_bit, reader.where(),
          "expected numbers in the encoding BYTE_STREAM_SPLIT, got type {} of the format",
          static_cast<int>(type));
  const uint64_t width = is_32_bit ? 4 : 8;
  const auto split = reader.take(checked_mul(count, width, reader.where()));
  std::vector<std::byte> joined(split.size());
  for (uint64_t i = 0; i < split.size(); ++i) joined[i % count * width + i / count] = split[i];
  io::ByteReader plain(joined, reader.where());
  return read_plain(plain, type, count);
}

}  // namespace flamingo::parquet
