#include "flamingo/io/tensor_view.h"

#include <gtest/gtest.h>

namespace flamingo::io {
namespace {

TEST(TensorView, NamesAndSizesOfEveryType) {
  const std::vector<std::tuple<DType, std::string, uint64_t>> rows = {
      {DType::kF64, "F64", 8},
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
      {DType::kC128, "C128", 16}};
  for (const auto& [dtype, name, size] : rows) {
    EXPECT_EQ(dtype_name(dtype), name);
    EXPECT_EQ(dtype_size(dtype), size);
    EXPECT_EQ(dtype_from_name(name), dtype);
    EXPECT_EQ(is_computable(dtype), dtype <= DType::kBool);
  }
}

TEST(TensorView, UnknownNamesGiveNothing) {
  EXPECT_EQ(dtype_from_name("f32"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
}

}  // namespace
}  // namespace flamingo::io
