#pragma once

#include <cstddef>
#include <cstdint>

#include "flamingo/kernels/block_codes.h"

namespace flamingo::kernels {

/// Quantised weights in memory order of use: 16 rows make a tile, so that one lane of a vector
/// register belongs to one row. A tile is a sequence of groups (group columns x 16 rows), each
///
///   scale   16 x (f16 or f32)
///   offset  16 x (f16 or f32)                        types with an offset
///   fifth   group / 4 x 64 bits                      five-bit types: bit 4r + j of word q
///   codes   group / 8 x 64 bytes                     4, 5 bits: byte 4r + j of line i holds
///                                                    column 8i + j (low) and 8i + 4 + j (high)
///           group / 4 x 64 bytes                     8 bits: byte 4r + j of line q
///
/// where r is the row, and column 4q + j of the group belongs to quad q. Codes are unsigned
/// (zero point not subtracted). Packing is exact: no weight changes its value.
inline constexpr int kTileRows = 16;

/// Byte offsets inside one group of a tile.
struct TileLayout {
  int scale_bytes = 0;  ///< of one scale or offset
  int offset_at = 0;
  int fifth_at = 0;
  int codes_at = 0;
  int bytes = 0;  ///< of one group
};

/// Where a tile of kTileRows rows holds its scales, offsets and codes, in bytes.
constexpr TileLayout tile_layout(const CodeTraits& traits) {
  TileLayout layout;
  layout.scale_bytes = traits.half_scale ? 2 : 4;
  layout.offset_at = kTileRows * layout.scale_bytes;
  layout.fifth_at = layout.offset_at * (traits.has_offset ? 2 : 1);
  layout.codes_at = layout.fifth_at + (traits.bits == 5 ? traits.group * kTileRows / 8 : 0);
  layout.bytes = layout.codes_at + traits.group * kTileRows / (traits.bits == 8 ? 1 : 2);
  return layout;
}

/// Writes `rows` (1..16) rows of blocks as one tile; missing rows become zeros.
/// blocks: [rows, cols / values] blocks; tile: cols / group groups. `cols` is a multiple of the
/// type's block size.
void pack_tile(BlockType type, const std::byte* blocks, int64_t rows, int64_t cols,
               std::byte* tile);

}  // namespace flamingo::kernels
