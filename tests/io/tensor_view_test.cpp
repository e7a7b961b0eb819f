#include "flamingo/io/tensor_view.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

TEST(TensorView, NamesAndSizesOfEveryType) {
  const std::vector<std::tuple<DType, std::string, uint64_t>> rows = {
      {DType::kF64, "F64", 8},   {DType::kF32, "F32", 4}, {DType::kF16, "F16", 2},
      {DType::kBF16, "BF16", 2}, {DType::kI64, "I64", 8}, {DType::kI32, "I32", 4},
      {DType::kI16, "I16", 2},   {DType::kI8, "I8", 1},   {DType::kU8, "U8", 1},
      {DType::kBool, "BOOL", 1}};
  for (const auto& [dtype, name, size] : rows) {
    EXPECT_EQ(dtype_name(dtype), name);
    EXPECT_EQ(dtype_size(dtype), size);
    EXPECT_EQ(dtype_from_name(name), dtype);
  }
}

TEST(TensorView, UnknownNamesGiveNothing) {
  EXPECT_EQ(dtype_from_name("f32"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
}

}  // namespace
}  // namespace flamingo
