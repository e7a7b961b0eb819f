#include <algorithm>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/kernels/block_codes.h"
#include "flamingo/kernels/block_type.h"
#include "flamingo/kernels/half.h"

namespace flamingo::kernels {
namespace {

void decode_quantised(BlockType type, std::span<const std::byte> blocks, std::span<float> values) {
  const BlockLayout layout = block_layout(type);
  const size_t group = static_cast<size_t>(quantised_type(type).traits.group);
  const UnpackBlock unpack = quantised_type(type).unpack;
  BlockCodes codes;
  float* out = values.data();
  for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(layout.bytes)) {
    unpack(blocks.data() + at, codes);
    for (size_t i = 0; i < static_cast<size_t>(layout.values); ++i) {
      *out++ =
          codes.scale[i / group] * static_cast<float>(codes.codes[i]) + codes.offset[i / group];
    }
  }
}

template <float (*kConvert)(uint16_t)>
void decode_halves(std::span<const std::byte> blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = kConvert(load_unaligned<uint16_t>(blocks.data() + 2 * i));
  }
}

}  // namespace

void decode_blocks(BlockType type, std::span<const std::byte> blocks, std::span<float> values) {
  const BlockLayout layout = block_layout(type);
  const size_t bytes = static_cast<size_t>(layout.bytes);
  const size_t count = blocks.size() / bytes;
  require(blocks.size() % bytes == 0, "decode_blocks", "expected whole blocks, got a part of one");
  if (values.size() != count * static_cast<size_t>(layout.values))
    fail("decode_blocks", "expected room for {} values, got {}",
         count * static_cast<size_t>(layout.values), values.size());
  switch (type) {
    case BlockType::kF32:
      if (!blocks.empty()) std::memcpy(values.data(), blocks.data(), blocks.size());
      return;
    case BlockType::kF16:
      return decode_halves<f16_to_float>(blocks, values);
    case BlockType::kBF16:
      return decode_halves<bf16_to_float>(blocks, values);
    default:
      return decode_quantised(type, blocks, values);
  }
}

}  // namespace flamingo::kernels
