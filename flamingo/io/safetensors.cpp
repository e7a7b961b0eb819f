#include "flamingo/io/safetensors.h"

#include <algorithm>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/io/safetensors_header.h"

namespace flamingo::io {
namespace {

using Entry = SafetensorsHeader::Entry;

uint64_t expected_bytes(const std::vector<int64_t>& shape, DType dtype, const std::string& where) {
  return checked_mul(checked_numel(shape, where), dtype_size(dtype), where);
}

/// Checks that the entries tile the data without hole or overlap and sorts them by position.
void check_layout(std::vector<Entry>& entries, uint64_t data_bytes, const std::string& where) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.offsets < b.offsets; });
  uint64_t position = 0;
  for (const Entry& entry : entries) {
    const std::string at = where + ": " + entry.name;
    const auto [begin, end] = entry.offsets;
    require(begin == position, at, "expected data at offset {}, got {}", position, begin,
            Hint{"tensors must not overlap or leave holes"});
    require(begin <= end && end <= data_bytes, at,
            "expected data inside {} bytes, got an end at {}", data_bytes, end,
            Hint{"the file is cut off or damaged"});
    position = end;
    if (!entry.dtype) continue;  // of unknown size
    const uint64_t expected = expected_bytes(entry.shape, *entry.dtype, at);
    require(end - begin == expected, at, "expected {} bytes for this shape and dtype, got {}",
            expected, end - begin);
  }
  require(position == data_bytes, where, "expected tensors to cover all {} data bytes, got {}",
          data_bytes, position);
}

/// The tensors as they will stand in the file; checks what the reader would refuse.
std::vector<const TensorView*> writing_order(const std::string& path,
                                             const std::vector<TensorView>& tensors) {
  require(tensors.size() <= kMaxSafetensorsTensors, path, "expected at most 100000 tensors, got {}",
          tensors.size());
  std::vector<const TensorView*> order;
  std::map<std::string_view, int> names;
  for (const TensorView& tensor : tensors) {
    const std::string at = path + ": " + tensor.name;
    require(tensor.name != "__metadata__", at, "expected a tensor name, got the reserved one");
    require(names.emplace(tensor.name, 0).second, at, "expected each name once, got a duplicate");
    require(tensor.shape.size() <= kMaxTensorRank, at, "expected at most 8 dimensions, got {}",
            tensor.shape.size());
    const uint64_t expected = expected_bytes(tensor.shape, tensor.dtype, at);
    require(tensor.data.size() == expected, at,
            "expected {} bytes for this shape and dtype, got {}", expected, tensor.data.size());
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
    const uint64_t a_size = dtype_size(a->dtype), b_size = dtype_size(b->dtype);
    return a_size != b_size ? a_size > b_size : a->name < b->name;
  });
  return order;
}

/// The JSON header, padded with spaces to a multiple of 8 bytes.
std::string header_text(const std::vector<const TensorView*>& order,
                        const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += "\"__metadata__\":" + Json(metadata).dump() + ",";
  uint64_t position = 0;
  for (const TensorView* tensor : order) {
    const uint64_t end = position + tensor->data.size();
    const Json entry = {{"dtype", dtype_name(tensor->dtype)},
                        {"shape", tensor->shape},
                        {"data_offsets", {position, end}}};
    text += Json(tensor->name).dump() + ":" + entry.dump() + ",";
    position = end;
  }
  if (text.back() == ',') text.pop_back();
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Safetensors Safetensors::open(const std::string& path) {
  auto file = std::make_shared<const MappedFile>(path);
  Safetensors result = parse(file->bytes(), path);
  result.file_ = std::move(file);
  return result;
}

Safetensors Safetensors::parse(std::span<const std::byte> bytes, const std::string& where) {
  ByteReader reader(bytes, where);
  const auto header_bytes = reader.read<uint64_t>();
  require(header_bytes <= kMaxSafetensorsHeader, where,
          "expected a header of at most 100000000 bytes, got {}", header_bytes,
          Hint{"not a safetensors file"});
  SafetensorsHeader header = parse_safetensors_header(reader.take_text(header_bytes), where);
  const auto data = reader.take(reader.remaining());
  check_layout(header.entries, data.size(), where);

  Safetensors result;
  result.where_ = where;
  result.metadata_ = std::move(header.metadata);
  for (Entry& entry : header.entries) {
    const auto [begin, end] = entry.offsets;
    if (!entry.dtype) {
      result.refused_[entry.name] = {"expected a dtype that weights have, got " + entry.type};
      continue;
    }
    result.index_.emplace(entry.name, result.tensors_.size());
    result.tensors_.push_back({std::move(entry.name), *entry.dtype, std::move(entry.shape),
                               data.subspan(begin, end - begin)});
  }
  return result;
}

const TensorView* Safetensors::find(const std::string& name) const {
  const auto refused = refused_.find(name);
  if (refused != refused_.end()) fail(where_ + ": " + name, "{}", refused->second.reason);
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

void write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::vector<const TensorView*> order = writing_order(path, tensors);
  std::string header;
  try {
    header = header_text(order, metadata);
  } catch (const Json::exception&) {
    fail(path, "expected names and metadata in UTF-8, got other bytes");
  }
  require(header.size() <= kMaxSafetensorsHeader, path,
          "expected a header of at most 100000000 bytes, got {}", header.size());
  const uint64_t header_bytes = header.size();
  AtomicFile file(path);
  file.write(as_text(std::as_bytes(std::span(&header_bytes, 1))));
  file.write(header);
  for (const TensorView* tensor : order) file.write(as_text(tensor->data));
  file.commit();
}

}  // namespace flamingo::io
