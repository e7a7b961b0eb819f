#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "flamingo/io/mapped_file.h"
#include "flamingo/kernels/block_type.h"

namespace flamingo::io {

/// One tensor of a GGUF file; `data` points into the map. `shape` is row-major [out, in]
/// (the file stores it reversed). One of a type that block_type.h does not decode has no data: ask
/// for readable().
struct GgufTensor {
  std::string name;
  kernels::BlockType type = kernels::BlockType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;

  /// Throws Error naming `where`, the tensor and its type when this build does not decode that.
  const GgufTensor& readable(const std::string& where) const;
};

/// A metadata value: scalars are widened, arrays hold one kind.
using GgufValue = std::variant<bool, int64_t, uint64_t, double, std::string, std::vector<int64_t>,
                               std::vector<double>, std::vector<std::string>>;

/// What a value is, as a message says it: "an array of strings".
const char* gguf_kind(const GgufValue& value);

/// One mapped GGUF file (versions 2 and 3, little endian). Views live as long as this object.
/// Refuses: strings over 16 MiB, arrays over 64 M items, nested arrays, over 4 dimensions,
/// alignment that is not a power of two up to 64 KiB, overlapping tensors, sizes that overflow or
/// pass the end of the file, duplicate names. A tensor of a foreign block type is refused when its
/// values are asked for.
class Gguf {
 public:
  /// Throws Error naming the path and the reason.
  static Gguf open(const std::string& path);
  /// Parses bytes that must outlive the result; `where` names them in errors.
  static Gguf parse(std::span<const std::byte> bytes, const std::string& where);

  /// All tensors, in the order of the file's table.
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  /// The tensor called `name`, or nullptr; see GgufTensor::readable.
  const GgufTensor* find(const std::string& name) const;

  /// Typed metadata access. Both forms throw Error when the value has another type; the `at` form
  /// also when the key is missing. Integers are accepted where a float is asked for.
  const std::map<std::string, GgufValue>& metadata() const { return metadata_; }
  std::optional<int64_t> get_int(const std::string& key) const;
  std::optional<double> get_float(const std::string& key) const;
  std::optional<std::string> get_string(const std::string& key) const;
  int64_t int_at(const std::string& key) const;
  double float_at(const std::string& key) const;
  std::string string_at(const std::string& key) const;
  const std::vector<std::string>& strings_at(const std::string& key) const;

 private:
  const GgufValue* value(const std::string& key) const;
  const GgufValue& value_at(const std::string& key) const;

  std::string where_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string, size_t> index_;
  std::map<std::string, GgufValue> metadata_;
};

}  // namespace flamingo::io
