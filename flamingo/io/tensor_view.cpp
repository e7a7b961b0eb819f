#include "flamingo/io/tensor_view.h"

#include <array>

namespace flamingo {
namespace {

struct DTypeRow {
  DType dtype;
  const char* name;
  uint64_t bytes;
};

// In the order of the enumerators, so that a type is its own index.
constexpr std::array<DTypeRow, 10> kDTypes = {{{DType::kF64, "F64", 8},
                                               {DType::kF32, "F32", 4},
                                               {DType::kF16, "F16", 2},
                                               {DType::kBF16, "BF16", 2},
                                               {DType::kI64, "I64", 8},
                                               {DType::kI32, "I32", 4},
                                               {DType::kI16, "I16", 2},
                                               {DType::kI8, "I8", 1},
                                               {DType::kU8, "U8", 1},
                                               {DType::kBool, "BOOL", 1}}};

}  // namespace

uint64_t dtype_size(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].bytes; }

const char* dtype_name(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeRow& row : kDTypes) {
    if (name == row.name) return row.dtype;
  }
  return std::nullopt;
}

}  // namespace flamingo
