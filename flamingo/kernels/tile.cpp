#include "flamingo/kernels/tile.h"

#include <cstring>

#include "flamingo/kernels/half.h"

namespace flamingo::kernels {
namespace {

/// Stores a scale or offset that is exact in the tile's precision.
void store_scale(float value, int bytes, std::byte* target) {
  if (bytes == 4) {
    std::memcpy(target, &value, 4);
    return;
  }
  const uint16_t half = float_to_f16(value);
  std::memcpy(target, &half, 2);
}

/// Adds code (unsigned) of row r and column c to a zeroed group.
void store_code(const CodeTraits& traits, int row, int column, uint32_t code, std::byte* group) {
  const TileLayout layout = tile_layout(traits);
  const int quad = column / 4;
  const int lane = 4 * row + column % 4;
  std::byte* codes = group + layout.codes_at;
  if (traits.bits == 8) {
    codes[64 * quad + lane] = static_cast<std::byte>(code);
    return;
  }
  codes[64 * (quad / 2) + lane] |= static_cast<std::byte>((code & 15u) << (4 * (quad % 2)));
  if (traits.bits == 5) {
    const int bit = 64 * quad + lane;
    group[layout.fifth_at + bit / 8] |= static_cast<std::byte>((code >> 4) << (bit % 8));
  }
}

/// Stores group g of one unpacked block as row `row` of a group of the tile.
void store_group(const CodeTraits& traits, const BlockCodes& block, int g, int row,
                 std::byte* group) {
  const TileLayout layout = tile_layout(traits);
  store_scale(block.scale[g], layout.scale_bytes, group + row * layout.scale_bytes);
  if (traits.has_offset) {
    store_scale(block.offset[g], layout.scale_bytes,
                group + layout.offset_at + row * layout.scale_bytes);
  }
  for (int column = 0; column < traits.group; ++column) {
    const int code = block.codes[g * traits.group + column] + traits.zero_point;
    store_code(traits, row, column, static_cast<uint32_t>(code), group);
  }
}

}  // namespace

void pack_tile(BlockType type, const std::byte* blocks, int64_t rows, int64_t cols,
               std::byte* tile) {
  const QuantisedType& quantised = quantised_type(type);
  const BlockLayout block_shape = block_layout(type);
  const int groups_per_block = static_cast<int>(block_shape.values) / quantised.traits.group;
  const int64_t group_bytes = tile_layout(quantised.traits).bytes;
  std::memset(tile, 0, static_cast<size_t>(cols / quantised.traits.group * group_bytes));
  BlockCodes codes;
  for (int row = 0; row < static_cast<int>(rows); ++row) {
    std::byte* group = tile;
    for (int64_t column = 0; column < cols; column += block_shape.values) {
      quantised.unpack(blocks, codes);
      blocks += block_shape.bytes;
      for (int g = 0; g < groups_per_block; ++g, group += group_bytes) {
        store_group(quantised.traits, codes, g, row, group);
      }
    }
  }
}

}  // namespace flamingo::kernels
