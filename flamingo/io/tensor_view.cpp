#include "flamingo/io/tensor_view.h"

#include <array>

namespace flamingo::io {
namespace {

struct DTypeRow {
  DType dtype;
  const char* name;
  uint64_t bytes;
};

// In the order of the enumerators, so that a type is its own index.
constexpr std::array<DTypeRow, 20> kDTypes = {{{DType::kF64, "F64", 8},
                                               {DType::kF32, "F32", 4},
                                               {DType::kF16, "F16", 2},
                                               {DType::kBF16, "BF16", 2},
                                               {DType::kI64, "I64", 8},
                                               {DType::kI32, "I32", 4},
                                               {DType::kI16, "I16", 2},
                                               {DType::kI8, "I8", 1},
                                               {DType::kU8, "U8", 1},
                                               {DType::kBool, "BOOL", 1},
                                               {DType::kU16, "U16", 2},
                                               {DType::kU32, "U32", 4},
                                               {DType::kU64, "U64", 8},
                                               {DType::kF8E4M3, "F8_E4M3", 1},
                                               {DType::kF8E5M2, "F8_E5M2", 1},
                                               {DType::kF8E8M0, "F8_E8M0", 1},
                                               {DType::kF8E4M3Fnuz, "F8_E4M3FNUZ", 1},
                                               {DType::kF8E5M2Fnuz, "F8_E5M2FNUZ", 1},
                                               {DType::kC64, "C64", 8},
                                               {DType::kC128, "C128", 16}}};

}  // namespace

uint64_t dtype_size(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].bytes; }

const char* dtype_name(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeRow& row : kDTypes) {
    if (name == row.name) return row.dtype;
  }
  return std::nullopt;
}

bool is_computable(DType dtype) { return dtype < DType::kU16; }

}  // namespace flamingo::io
