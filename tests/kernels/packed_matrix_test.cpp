#include "flamingo/kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "kernel_checks.h"

namespace flamingo::kernels {
namespace {

TEST(PackedMatrix, DecodesToTheSameWeights) {
  for (const BlockType type : all_block_types()) {
    const int64_t rows = 37;
    const int64_t cols = 256;
    const auto blocks = random_blocks(type, rows, cols, 71);
    const auto expected = decoded(type, blocks);
    const PackedMatrix matrix = PackedMatrix::pack(type, blocks, rows, cols);
    EXPECT_EQ(matrix.units(), 3);
    std::vector<float> values(expected.size());
    matrix.decode_rows(best_kernels(), 0, rows, values.data());
    EXPECT_EQ(values, expected) << block_layout(type).name;
    std::vector<float> part(static_cast<size_t>(20 * cols));
    matrix.decode_rows(best_kernels(), 15, 20, part.data());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + 15 * cols))
        << block_layout(type).name;
  }
}

TEST(PackedMatrix, ProductsStayWithinTheDocumentedBounds) {
  const int64_t rows = 37;
  const int64_t cols = 256;
  const auto x = random_floats(cols, 72);
  const InputBuffer input = prepared_input(x);
  for (const BlockType type : all_block_types()) {
    const auto blocks = random_blocks(type, rows, cols, 73);
    const auto weights = decoded(type, blocks);
    const auto sizes = magnitudes(type, blocks);
    const PackedMatrix matrix = PackedMatrix::pack(type, blocks, rows, cols);
    std::vector<float> exact(static_cast<size_t>(rows));
    std::vector<float> int8(static_cast<size_t>(rows));
    const Range all{0, matrix.units()};
    matrix.product(best_kernels(), all, input.view(), InputMode::kExact, exact.data());
    matrix.product(best_kernels(), all, input.view(), InputMode::kInt8, int8.data());
    for (size_t r = 0; r < static_cast<size_t>(rows); ++r) {
      const float* row = &weights[r * static_cast<size_t>(cols)];
      const double expected = dot_in_double(row, x.data(), cols);
      const double rounding = rounding_bound(
          cols, dot_of_magnitudes(&sizes[r * static_cast<size_t>(cols)], x.data(), cols));
      double step = 0.0;
      for (size_t c = 0; c < static_cast<size_t>(cols); ++c) {
        step += 0.5 * static_cast<double>(input.scales[c / 32]) * std::abs(row[c]);
      }
      EXPECT_NEAR(exact[r], expected, rounding) << block_layout(type).name;
      EXPECT_NEAR(int8[r], expected, step + 2.0 * rounding) << block_layout(type).name;
    }
  }
}

TEST(PackedMatrix, WritesOnlyTheRowsAsked) {
  const auto blocks = random_blocks(BlockType::kQ4_1, 37, 64, 74);
  const PackedMatrix matrix = PackedMatrix::pack(BlockType::kQ4_1, blocks, 37, 64);
  const InputBuffer input = prepared_input(random_floats(64, 75));
  std::vector<float> y(40, 1234.0f);
  matrix.product(best_kernels(), {1, 3}, input.view(), InputMode::kInt8, y.data());
  EXPECT_EQ(y[15], 1234.0f);
  EXPECT_NE(y[16], 1234.0f);
  EXPECT_NE(y[36], 1234.0f);
  EXPECT_EQ(y[37], 1234.0f);
}

TEST(PackedMatrix, ViewsShareMemoryAndSurviveMoves) {
  const auto blocks = random_blocks(BlockType::kF32, 4, 8, 76);
  PackedMatrix view = PackedMatrix::view(BlockType::kF32, blocks, 4, 8);
  PackedMatrix copy = PackedMatrix::pack(BlockType::kF32, blocks, 4, 8);
  const PackedMatrix moved = std::move(copy);
  std::vector<float> a(32);
  std::vector<float> b(32);
  view.decode_rows(best_kernels(), 0, 4, a.data());
  moved.decode_rows(best_kernels(), 0, 4, b.data());
  EXPECT_EQ(a, b);
  EXPECT_EQ(view.bytes(), 128);
}

TEST(PackedMatrix, RefusesWrongSizes) {
  const std::vector<std::byte> bytes(18 * 4);
  EXPECT_NO_THROW(PackedMatrix::pack(BlockType::kQ4_0, bytes, 2, 64));
  EXPECT_THROW(PackedMatrix::pack(BlockType::kQ4_0, bytes, 2, 96), Error);
  EXPECT_THROW(PackedMatrix::pack(BlockType::kQ4_0, bytes, 2, 63), Error);
  EXPECT_THROW(PackedMatrix::pack(BlockType::kQ4_0, bytes, 0, 64), Error);
  EXPECT_THROW(PackedMatrix::pack(BlockType::kQ4_0, bytes, -2, -64), Error);
  EXPECT_THROW(PackedMatrix::pack(BlockType::kF32, bytes, int64_t{1} << 62, 1 << 8), Error);
  EXPECT_THROW(PackedMatrix::view(BlockType::kQ4_0, bytes, 2, 64), Error);
  const PackedMatrix matrix = PackedMatrix::pack(BlockType::kQ4_0, bytes, 2, 64);
  std::vector<float> values(64);
  EXPECT_THROW(matrix.decode_rows(best_kernels(), 2, 1, values.data()), Error);
}

}  // namespace
}  // namespace flamingo::kernels
