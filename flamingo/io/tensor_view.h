#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo {

/// Element types of tensor files.
enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

/// Bytes per element.
uint64_t dtype_size(DType dtype);
/// "F32", "BF16", ... as safetensors writes it.
const char* dtype_name(DType dtype);
/// The type that safetensors calls `name`, or nothing.
std::optional<DType> dtype_from_name(std::string_view name);

/// A named, contiguous, row-major tensor whose bytes belong to somebody else
/// (a mapped file or a buffer that must outlive the view). The bytes may be unaligned.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

}  // namespace flamingo
