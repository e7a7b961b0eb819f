#include "flamingo/io/gguf_metadata.h"

#include <array>
#include <type_traits>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::io {
namespace {

constexpr uint64_t kMaxString = 16ull << 20;
constexpr uint64_t kMaxItems = 64ull << 20;

constexpr uint32_t kArrayType = 9;

std::string at(const ByteReader& reader, const std::string& key) {
  return std::string(reader.where()) + ": " + key;
}

/// A number as the metadata keeps it: 64 bits, its signedness kept.
template <class T>
GgufValue read_number(ByteReader& reader) {
  const T number = reader.read<T>();
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(number);
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<int64_t>(number);
  } else {
    return static_cast<uint64_t>(number);
  }
}

/// `count` numbers of the file's type T as a list of Wide.
template <class T, class Wide>
GgufValue read_numbers(ByteReader& reader, uint64_t count, const std::string& key) {
  const auto bytes = reader.take(count * sizeof(T));  // count <= kMaxItems: no overflow
  std::vector<Wide> numbers(count);
  for (size_t i = 0; i < numbers.size(); ++i) {
    T number;
    std::memcpy(&number, bytes.data() + i * sizeof(T), sizeof(T));
    if constexpr (std::is_integral_v<T>) {
      require(std::in_range<Wide>(number), at(reader, key), "expected integers below 2^63, got {}",
              number);
    }
    numbers[i] = static_cast<Wide>(number);
  }
  return numbers;
}

GgufValue read_strings(ByteReader& reader, uint64_t count, const std::string& /*key*/) {
  std::vector<std::string> strings;
  for (uint64_t i = 0; i < count; ++i) strings.push_back(read_gguf_string(reader));
  return strings;
}

GgufValue read_text(ByteReader& reader) { return read_gguf_string(reader); }
GgufValue read_bool(ByteReader& reader) { return reader.read<uint8_t>() != 0; }

/// How to read a single value and an array of one metadata type.
struct TypeRow {
  GgufValue (*single)(ByteReader&);
  GgufValue (*array)(ByteReader&, uint64_t count, const std::string& key);
};

// By type number; the array of arrays (9) is missing on purpose.
constexpr std::array<TypeRow, 13> kTypes = {
    {{read_number<uint8_t>, read_numbers<uint8_t, int64_t>},
     {read_number<int8_t>, read_numbers<int8_t, int64_t>},
     {read_number<uint16_t>, read_numbers<uint16_t, int64_t>},
     {read_number<int16_t>, read_numbers<int16_t, int64_t>},
     {read_number<uint32_t>, read_numbers<uint32_t, int64_t>},
     {read_number<int32_t>, read_numbers<int32_t, int64_t>},
     {read_number<float>, read_numbers<float, double>},
     {read_bool, read_numbers<uint8_t, int64_t>},
     {read_text, read_strings},
     {nullptr, nullptr},
     {read_number<uint64_t>, read_numbers<uint64_t, int64_t>},
     {read_number<int64_t>, read_numbers<int64_t, int64_t>},
     {read_number<double>, read_numbers<double, double>}}};

GgufValue read_array(ByteReader& reader, const std::string& key) {
  const auto type = reader.read<uint32_t>();
  const auto count = reader.read<uint64_t>();
  require(count <= kMaxItems, at(reader, key),
          "expected an array of at most 67108864 items, got {}", count);
  require(type < kTypes.size() && type != kArrayType, at(reader, key),
          "expected an array of numbers or strings, got item type {}", type);
  return kTypes[type].array(reader, count, key);
}

}  // namespace

std::string read_gguf_string(ByteReader& reader) {
  const auto length = reader.read<uint64_t>();
  require(length <= kMaxString, reader.where(),
          "expected a string of at most 16777216 bytes, got {}", length);
  return std::string(reader.take_text(length));
}

GgufValue read_gguf_value(ByteReader& reader, const std::string& key) {
  const auto type = reader.read<uint32_t>();
  require(type < kTypes.size(), at(reader, key), "expected a metadata type from 0 to 12, got {}",
          type);
  return type == kArrayType ? read_array(reader, key) : kTypes[type].single(reader);
}

}  // namespace flamingo::io
