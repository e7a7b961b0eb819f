#include "flamingo/io/gguf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/io/gguf_metadata.h"

namespace flamingo::io {
namespace {

constexpr uint64_t kMaxGgufNameBytes = 65535;
constexpr uint64_t kMaxTensors = 100'000;
constexpr uint32_t kMaxGgufRank = 4;
constexpr int64_t kMaxAlignment = 64 << 10;

struct Counts {
  uint64_t tensors = 0;
  uint64_t values = 0;
};

/// One row of the tensor table; its data is looked up once the whole table is read.
struct TableRow {
  GgufTensor tensor;
  uint64_t offset = 0;  ///< from the start of the data section
};

Counts read_prelude(ByteReader& reader) {
  require(reader.take_text(4) == "GGUF", reader.where(),
          "expected a file that starts with \"GGUF\", got other bytes", Hint{"not a GGUF file"});
  const auto version = reader.read<uint32_t>();
  if (version != 2 && version != 3)
    fail(reader.where(), "expected GGUF version 2 or 3, got {}", version,
         Hint{version % 65536 == 0 ? "big-endian files are not supported" : ""});
  Counts counts;
  counts.tensors = reader.read<uint64_t>();
  counts.values = reader.read<uint64_t>();
  require(counts.tensors <= kMaxTensors, reader.where(), "expected at most 100000 tensors, got {}",
          counts.tensors);
  return counts;
}

std::map<std::string, GgufValue> read_metadata(ByteReader& reader, uint64_t count) {
  std::map<std::string, GgufValue> metadata;
  for (uint64_t i = 0; i < count; ++i) {
    std::string key = read_gguf_string(reader);
    require(key.size() <= kMaxGgufNameBytes, reader.where(),
            "expected a metadata key of at most 65535 bytes, got {}", key.size());
    GgufValue value = read_gguf_value(reader, key);
    const auto [it, is_new] = metadata.emplace(std::move(key), std::move(value));
    require(is_new, reader.where(), "expected each metadata key once, got \"{}\" twice", it->first);
  }
  return metadata;
}

TableRow read_row(ByteReader& reader) {
  TableRow row;
  row.tensor.name = read_gguf_string(reader);
  const std::string at = std::string(reader.where()) + ": " + row.tensor.name.substr(0, 200);
  require(row.tensor.name.size() <= kMaxGgufNameBytes, at, "expected a shorter tensor name");
  const auto rank = reader.read<uint32_t>();
  require(rank <= kMaxGgufRank, at, "expected at most 4 dimensions, got {}", rank);
  for (uint32_t i = 0; i < rank; ++i) row.tensor.shape.push_back(reader.read<int64_t>());
  std::reverse(row.tensor.shape.begin(), row.tensor.shape.end());
  const auto type = reader.read<uint32_t>();
  row.tensor.type = static_cast<kernels::BlockType>(type);
  row.offset = reader.read<uint64_t>();
  return row;
}

/// Bytes of a tensor; each row must hold whole blocks.
uint64_t tensor_bytes(const GgufTensor& tensor, const std::string& at) {
  const kernels::BlockLayout layout = kernels::block_layout(tensor.type);
  const uint64_t count = checked_numel(tensor.shape, at);
  const int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  require(row % layout.values == 0, at, "expected rows of whole blocks of {} values, got {} values",
          layout.values, row);
  return checked_mul(count / static_cast<uint64_t>(layout.values),
                     static_cast<uint64_t>(layout.bytes), at);
}

void attach_data(TableRow& row, std::span<const std::byte> data, uint64_t alignment,
                 const std::string& where) {
  const std::string at = where + ": " + row.tensor.name;
  require(row.offset % alignment == 0, at, "expected an offset that is a multiple of {}, got {}",
          alignment, row.offset);
  if (!kernels::is_known_block_type(static_cast<uint32_t>(row.tensor.type))) {  // of unknown size
    require(row.offset <= data.size(), at, "expected data inside the file, got an offset after it",
            Hint{"the file is cut off or damaged"});
    return;
  }
  const uint64_t size = tensor_bytes(row.tensor, at);
  const uint64_t end = checked_add(row.offset, size, at);
  require(end <= data.size(), at, "expected data inside {} bytes, got an end at {}", data.size(),
          end, Hint{"the file is cut off or damaged"});
  row.tensor.data = data.subspan(row.offset, size);
}

void check_no_overlap(const std::vector<GgufTensor>& tensors, const std::string& where) {
  std::vector<const GgufTensor*> order;
  for (const GgufTensor& tensor : tensors) {
    if (!tensor.data.empty()) order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const GgufTensor* a, const GgufTensor* b) {
    return a->data.data() < b->data.data();
  });
  for (size_t i = 1; i < order.size(); ++i) {
    const auto& before = order[i - 1]->data;
    if (before.data() + before.size() > order[i]->data.data())
      fail(where, "expected tensors that do not overlap, got {} over {}", order[i - 1]->name,
           order[i]->name);
  }
}

/// The value as a signed integer, if it is an integer that fits.
std::optional<int64_t> as_int(const GgufValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  const auto* number = std::get_if<uint64_t>(&value);
  if (number && std::in_range<int64_t>(*number)) return static_cast<int64_t>(*number);
  return std::nullopt;
}

std::optional<double> as_float(const GgufValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto integer = as_int(value)) return static_cast<double>(*integer);
  return std::nullopt;
}

std::optional<std::string> as_string(const GgufValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return std::nullopt;
}

/// Unpacks a conversion's result. Throws Error naming key and kind when there is none.
template <class T>
T expect_kind(std::optional<T> converted, const GgufValue& value, const std::string& where,
              const std::string& key, const char* kind) {
  if (!converted.has_value())
    fail(where + ": " + key, "expected {}, got {}", kind, gguf_kind(value));
  return *std::move(converted);
}

}  // namespace

const char* gguf_kind(const GgufValue& value) {
  constexpr std::array kKinds = {"a boolean",
                                 "an integer",
                                 "an integer",
                                 "a floating-point number",
                                 "a string",
                                 "an array of integers",
                                 "an array of floating-point numbers",
                                 "an array of strings"};
  static_assert(kKinds.size() == std::variant_size_v<GgufValue>);
  const auto* number = std::get_if<uint64_t>(&value);
  if (number && !std::in_range<int64_t>(*number)) return "an integer above 2^63 - 1";
  return kKinds.at(value.index());
}

const GgufTensor& GgufTensor::readable(const std::string& where) const {
  const auto number = static_cast<uint32_t>(type);
  if (!kernels::is_known_block_type(number))
    fail(where + ": " + name, "expected a block type that this build decodes, got {}",
         kernels::block_type_name(number));
  return *this;
}

Gguf Gguf::open(const std::string& path) {
  auto file = std::make_shared<const MappedFile>(path);
  Gguf result = parse(file->bytes(), path);
  result.file_ = std::move(file);
  return result;
}

Gguf Gguf::parse(std::span<const std::byte> bytes, const std::string& where) {
  ByteReader reader(bytes, where);
  const Counts counts = read_prelude(reader);
  Gguf result;
  result.where_ = where;
  result.metadata_ = read_metadata(reader, counts.values);
  std::vector<TableRow> rows;
  for (uint64_t i = 0; i < counts.tensors; ++i) rows.push_back(read_row(reader));

  const int64_t alignment = result.get_int("general.alignment").value_or(32);
  require(alignment > 0 && alignment <= kMaxAlignment &&
              std::has_single_bit(static_cast<uint64_t>(alignment)),
          where, "expected an alignment that is a power of two up to 65536, got {}", alignment);
  const auto step = static_cast<uint64_t>(alignment);
  const uint64_t start = (reader.position() + step - 1) / step * step;
  const auto data = bytes.subspan(std::min<uint64_t>(start, bytes.size()));
  for (TableRow& row : rows) {
    attach_data(row, data, step, where);
    const bool is_new = result.index_.emplace(row.tensor.name, result.tensors_.size()).second;
    if (!is_new) fail(where + ": " + row.tensor.name, "expected each name once, got a duplicate");
    result.tensors_.push_back(std::move(row.tensor));
  }
  check_no_overlap(result.tensors_, where);
  return result;
}

const GgufTensor* Gguf::find(const std::string& name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

const GgufValue* Gguf::value(const std::string& key) const {
  const auto it = metadata_.find(key);
  return it == metadata_.end() ? nullptr : &it->second;
}

const GgufValue& Gguf::value_at(const std::string& key) const {
  const GgufValue* found = value(key);
  require(found != nullptr, where_, "expected the metadata key \"{}\", got none", key);
  return *found;
}

std::optional<int64_t> Gguf::get_int(const std::string& key) const {
  const GgufValue* found = value(key);
  if (!found) return std::nullopt;
  return expect_kind(as_int(*found), *found, where_, key, "an integer");
}

std::optional<double> Gguf::get_float(const std::string& key) const {
  const GgufValue* found = value(key);
  if (!found) return std::nullopt;
  return expect_kind(as_float(*found), *found, where_, key, "a number");
}

std::optional<std::string> Gguf::get_string(const std::string& key) const {
  const GgufValue* found = value(key);
  if (!found) return std::nullopt;
  return expect_kind(as_string(*found), *found, where_, key, "a string");
}

int64_t Gguf::int_at(const std::string& key) const {
  return expect_kind(as_int(value_at(key)), value_at(key), where_, key, "an integer");
}

double Gguf::float_at(const std::string& key) const {
  return expect_kind(as_float(value_at(key)), value_at(key), where_, key, "a number");
}

std::string Gguf::string_at(const std::string& key) const {
  return expect_kind(as_string(value_at(key)), value_at(key), where_, key, "a string");
}

const std::vector<std::string>& Gguf::strings_at(const std::string& key) const {
  const GgufValue& found = value_at(key);
  const auto* strings = std::get_if<std::vector<std::string>>(&found);
  if (strings == nullptr)
    fail(where_ + ": " + key, "expected an array of strings, got {}", gguf_kind(found));
  return *strings;
}

}  // namespace flamingo::io
