#include "flamingo/kernels/matvec.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "kernel_checks.h"

namespace flamingo::kernels {
namespace {

constexpr int64_t kRows = 75;
constexpr int64_t kCols = 256;

TEST(Matvec, DoesNotDependOnTheNumberOfThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const auto x = random_floats(5 * kCols, 81);
  for (const BlockType type : all_block_types()) {
    const PackedMatrix matrix =
        PackedMatrix::pack(type, random_blocks(type, kRows, kCols, 82), kRows, kCols);
    for (const InputMode input_mode : {InputMode::kExact, InputMode::kInt8}) {
      std::vector<float> a(5 * kRows);
      std::vector<float> b(5 * kRows);
      matvec(matrix, x, a, input_mode, one);
      matvec(matrix, x, b, input_mode, three);
      EXPECT_EQ(a, b) << block_layout(type).name;
    }
  }
}

TEST(Matvec, ManyRowsEqualOneRowEach) {
  ThreadPool pool(2);
  const auto x = random_floats(3 * kCols, 83);
  const PackedMatrix matrix = PackedMatrix::pack(
      BlockType::kQ4_K, random_blocks(BlockType::kQ4_K, kRows, kCols, 84), kRows, kCols);
  std::vector<float> together(3 * kRows);
  matvec(matrix, x, together, InputMode::kExact, pool);
  for (size_t n = 0; n < 3; ++n) {
    std::vector<float> alone(kRows);
    matvec(matrix, std::span(x).subspan(n * kCols, kCols), alone, InputMode::kExact, pool);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + n * kRows));
  }
}

TEST(Matvec, WorksOnWidthsThatAreNoMultipleOf32) {
  ThreadPool pool(2);
  const auto blocks = random_blocks(BlockType::kF32, 20, 50, 85);
  const auto weights = decoded(BlockType::kF32, blocks);
  const auto x = random_floats(50, 86);
  std::vector<float> y(20);
  matvec(PackedMatrix::view(BlockType::kF32, blocks, 20, 50), x, y, InputMode::kInt8, pool);
  for (size_t r = 0; r < 20; ++r) {
    EXPECT_NEAR(y[r], dot_in_double(&weights[50 * r], x.data(), 50),
                rounding_bound(50, dot_of_magnitudes(&weights[50 * r], x.data(), 50)));
  }
}

TEST(Matvec, DecodesRowsWithAllThreads) {
  ThreadPool pool(3);
  for (const BlockType type : {BlockType::kBF16, BlockType::kQ4_1, BlockType::kQ6_K}) {
    const auto blocks = random_blocks(type, kRows, kCols, 87);
    const auto expected = decoded(type, blocks);
    const PackedMatrix matrix = PackedMatrix::pack(type, blocks, kRows, kCols);
    std::vector<float> values(60 * kCols);
    std::vector<uint16_t> rounded(60 * kCols);
    decode_rows(matrix, 9, std::span(values), pool);
    decode_rows(matrix, 9, std::span(rounded), pool);
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], expected[9 * kCols + i]);
      ASSERT_EQ(rounded[i], float_to_bf16(values[i]));
    }
  }
}

TEST(Matvec, RefusesWrongSizes) {
  ThreadPool pool(1);
  const auto blocks = random_blocks(BlockType::kF32, 4, 8, 88);
  const PackedMatrix matrix = PackedMatrix::view(BlockType::kF32, blocks, 4, 8);
  std::vector<float> x(16);
  std::vector<float> y(8);
  EXPECT_NO_THROW(matvec(matrix, x, y, InputMode::kExact, pool));
  EXPECT_THROW(matvec(matrix, std::span(x).first(15), y, InputMode::kExact, pool), Error);
  EXPECT_THROW(matvec(matrix, x, std::span(y).first(4), InputMode::kExact, pool), Error);
  EXPECT_THROW(decode_rows(matrix, 0, std::span(x).first(12), pool), Error);
  EXPECT_THROW(decode_rows(matrix, 3, std::span(x), pool), Error);
}

}  // namespace
}  // namespace flamingo::kernels
