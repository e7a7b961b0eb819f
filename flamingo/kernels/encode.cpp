#include "flamingo/kernels/encode.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/kernels/half.h"

namespace flamingo::kernels {
namespace {

constexpr const char* kEncodeWhere = "encode_blocks";
constexpr float kLargestHalf = 65504.0f;

/// Writes `value` as a binary16 and returns what it became.
float put_half(float value, std::byte* target) {
  const uint16_t bits = float_to_f16(value);
  std::memcpy(target, &bits, sizeof bits);
  return f16_to_float(bits);
}

/// The number of steps nearest to `value`, within [least, largest].
int code_of(float value, float step, int least, int largest) {
  if (step == 0.0f) return 0;
  return std::clamp(static_cast<int>(std::lround(value / step)), least, largest);
}

void encode_q8_0(std::span<const float> values, std::byte* block) {
  float largest = 0.0f;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  const float scale = put_half(largest / 127.0f, block);
  for (size_t i = 0; i < values.size(); ++i) {
    block[2 + i] = static_cast<std::byte>(code_of(values[i], scale, -127, 127));
  }
}

void encode_q4_1(std::span<const float> values, std::byte* block) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const float offset = put_half(*least, block + 2);
  const float scale = put_half((*greatest - offset) / 15.0f, block);
  const size_t half = values.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    const int low = code_of(values[i] - offset, scale, 0, 15);
    const int high = code_of(values[i + half] - offset, scale, 0, 15);
    block[4 + i] = static_cast<std::byte>(low | high << 4);
  }
}

}  // namespace

void encode_blocks(BlockType type, std::span<const float> values, std::span<std::byte> blocks) {
  const BlockLayout layout = block_layout(type);
  require(type == BlockType::kQ8_0 || type == BlockType::kQ4_1, kEncodeWhere,
          "expected Q8_0 or Q4_1, got {}", layout.name);
  const auto per_block = static_cast<size_t>(layout.values);
  const auto bytes = static_cast<size_t>(layout.bytes);
  require(values.size() % per_block == 0 && blocks.size() == values.size() / per_block * bytes,
          kEncodeWhere,
          "expected whole blocks of {} values and {} bytes for each, got {} values and {} bytes",
          per_block, bytes, values.size(), blocks.size());
  const auto encode = type == BlockType::kQ8_0 ? encode_q8_0 : encode_q4_1;
  for (size_t n = 0; n < values.size() / per_block; ++n) {
    const auto part = values.subspan(n * per_block, per_block);
    const auto bad =
        std::ranges::find_if_not(part, [](float v) { return std::abs(v) <= kLargestHalf; });
    if (bad != part.end())
      fail(kEncodeWhere, "expected finite values within binary16's range, got {}", *bad);
    encode(part, blocks.data() + n * bytes);
  }
}

}  // namespace flamingo::kernels
