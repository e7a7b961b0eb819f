#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/io/tensor_view.h"

namespace flamingo::io {

inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;  ///< bytes, as the reference
/// Most tensors of a file, and most dimensions of a tensor, that are read.
inline constexpr size_t kMaxSafetensorsTensors = 100'000;
inline constexpr size_t kMaxTensorRank = 8;

/// The JSON header of a .safetensors file, not yet compared with the data after it.
struct SafetensorsHeader {
  /// What the header says of one tensor.
  struct Entry {
    std::string name;
    std::string type;            ///< as written
    std::optional<DType> dtype;  ///< nothing for a type that TensorView cannot hold (F4, ...)
    std::vector<int64_t> shape;
    std::array<uint64_t, 2> offsets = {0, 0};  ///< begin and end within the data
  };
  std::vector<Entry> entries;  ///< in file order
  std::map<std::string, std::string> metadata;
};

/// Reads the header without building a JSON tree, so that memory stays near the header's size.
/// Stricter than the reference: duplicate keys and unknown fields are errors.
/// Throws Error naming `where` and the entry.
SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& where);

}  // namespace flamingo::io
