#include "flamingo/kernels/tile.h"

#include <gtest/gtest.h>

#include "random_weights.h"

namespace flamingo::kernels {
namespace {

TEST(Tile, PackingChangesNoWeight) {
  for (size_t t = 0; t < kQuantisedTypes.size(); ++t) {
    const auto& [type, traits, unpack] = kQuantisedTypes[t];
    const int64_t cols = 512;
    const int64_t groups = cols / traits.group;
    for (const int64_t rows : {1, 5, 16}) {
      const auto blocks = random_blocks(type, rows, cols, 61);
      auto expected = decoded(type, blocks);
      std::vector<std::byte> tile(static_cast<size_t>(groups * tile_layout(traits).bytes),
                                  std::byte{0xff});
      pack_tile(type, blocks.data(), rows, cols, tile.data());
      std::vector<float> values(static_cast<size_t>(kTileRows * cols));
      scalar_kernels().tile_decode[t](tile.data(), groups, values.data());
      values.resize(expected.size());
      EXPECT_EQ(values, expected) << block_layout(type).name << ", rows " << rows;
    }
  }
}

TEST(Tile, MissingRowsGiveZeroProducts) {
  const auto blocks = random_blocks(BlockType::kQ8_0, 3, 64, 62);
  std::vector<std::byte> tile(
      static_cast<size_t>(2 * tile_layout(kQuantisedTypes[4].traits).bytes));
  pack_tile(BlockType::kQ8_0, blocks.data(), 3, 64, tile.data());
  const InputBuffer input = prepared_input(random_floats(64, 63));
  float y[kTileRows];
  scalar_kernels().tile_int8[4](tile.data(), 2, input.view(), y);
  EXPECT_NE(y[2], 0.0f);
  for (int r = 3; r < kTileRows; ++r) EXPECT_EQ(y[r], 0.0f);
}

TEST(Tile, LayoutsAddUp) {
  constexpr TileLayout kQ4 = tile_layout({32, 4, 0, true, true});
  EXPECT_EQ(kQ4.bytes, 16 * 20);  // as dense as the file's blocks
  constexpr TileLayout kQ5 = tile_layout({32, 5, 16, false, true});
  EXPECT_EQ(kQ5.bytes, 16 * 22);
  constexpr TileLayout kQ8 = tile_layout({32, 8, 128, false, true});
  EXPECT_EQ(kQ8.bytes, 16 * 34);
}

}  // namespace
}  // namespace flamingo::kernels
