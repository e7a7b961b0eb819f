#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::io {

/// Element types of tensor files. Those from kU16 on can be held and copied; nothing computes with
/// them, so a weight of such a type is refused where it is used (see load_into).
enum class DType {
  kF64,
  kF32,
  kF16,
  kBF16,
  kI64,
  kI32,
  kI16,
  kI8,
  kU8,
  kBool,
  kU16,
  kU32,
  kU64,
  kF8E4M3,
  kF8E5M2,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kC64,
  kC128
};

/// Bytes per element.
uint64_t dtype_size(DType dtype);
/// "F32", "BF16", "F8_E4M3", ... as safetensors writes it.
const char* dtype_name(DType dtype);
/// The type that safetensors calls `name`, or nothing.
std::optional<DType> dtype_from_name(std::string_view name);
/// Whether weights may have this type: real floats of 16 to 64 bits, whole numbers, bool.
bool is_computable(DType dtype);

/// A named, contiguous, row-major tensor whose bytes belong to somebody else
/// (a mapped file or a buffer that must outlive the view). The bytes may be unaligned.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

/// A value of a file that no TensorView can hold. Opening the file passes it by; asking for it is
/// an error.
struct RefusedTensor {
  std::string reason;     ///< "expected ..., got ..."
  bool is_tensor = true;  ///< false: some other object (a training checkpoint's options)
};

}  // namespace flamingo::io
