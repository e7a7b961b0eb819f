#pragma once

#include <cstddef>
#include <span>

#include "flamingo/kernels/block_type.h"

namespace flamingo::kernels {

/// Rounds values into blocks of Q8_0 or Q4_1: each to the nearest code of its block's scale, which
/// is the largest magnitude / 127 (Q8_0) or a 15th of the range from the least value (Q4_1), as a
/// binary16. So an error is at most half a scale, and what the binary16s round.
/// values.size() must be n * layout.values and blocks.size() n * layout.bytes; values are finite
/// and within binary16's range. Throws Error otherwise, and on another type.
void encode_blocks(BlockType type, std::span<const float> values, std::span<std::byte> blocks);

}  // namespace flamingo::kernels
