#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "flamingo/kernels/half.h"
#include "flamingo/kernels/kernels.h"

namespace flamingo::kernels {
namespace {

template <BlockType kType>
float element(const std::byte* weights, int64_t i) {
  if constexpr (kType == BlockType::kF32) {
    return load_unaligned<float>(weights + 4 * i);
  } else if constexpr (kType == BlockType::kF16) {
    return f16_to_float(load_unaligned<uint16_t>(weights + 2 * i));
  } else {
    return bf16_to_float(load_unaligned<uint16_t>(weights + 2 * i));
  }
}

template <BlockType kType>
void row_products(const std::byte* weights, int64_t rows, int64_t cols, const float* x, float* y) {
  for (int64_t r = 0; r < rows; ++r) {
    float sum = 0.0f;
    for (int64_t c = 0; c < cols; ++c) sum += element<kType>(weights, r * cols + c) * x[c];
    y[r] = sum;
  }
}

template <BlockType kType>
void weighted_sum(const std::byte* weights, int64_t rows, int64_t cols, const float* x, float* y) {
  std::fill_n(y, cols, 0.0f);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) y[c] += x[r] * element<kType>(weights, r * cols + c);
  }
}

/// Reads one group of a tile.
template <CodeTraits kTraits>
struct Group {
  static constexpr TileLayout kLayout = tile_layout(kTraits);
  const std::byte* at;

  float scale(int row) const { return scale_at(at + row * kLayout.scale_bytes); }
  float offset(int row) const {
    if constexpr (!kTraits.has_offset) return 0.0f;
    return scale_at(at + kLayout.offset_at + row * kLayout.scale_bytes);
  }
  /// Code with the zero point subtracted.
  int code(int row, int column) const {
    const int quad = column / 4;
    const int lane = 4 * row + column % 4;
    const std::byte* codes = at + kLayout.codes_at;
    if constexpr (kTraits.bits == 8) {
      return std::to_integer<int>(codes[64 * quad + lane]) - kTraits.zero_point;
    }
    int code = std::to_integer<int>(codes[64 * (quad / 2) + lane]) >> (4 * (quad % 2)) & 15;
    if constexpr (kTraits.bits == 5) {
      const int bit = 64 * quad + lane;
      code |= (std::to_integer<int>(at[kLayout.fifth_at + bit / 8]) >> (bit % 8) & 1) << 4;
    }
    return code - kTraits.zero_point;
  }

 private:
  static float scale_at(const std::byte* source) {
    if constexpr (kTraits.half_scale) return f16_to_float(load_unaligned<uint16_t>(source));
    return load_unaligned<float>(source);
  }
};

/// y[r] = sum_g scale[g, r] (sum_c code[r, c] x[c]) + offset[g, r] sum_c x[c].
template <size_t kIndex>
void tile_exact(const std::byte* tile, int64_t groups, const InputView& x, float* y) {
  constexpr CodeTraits kTraits = kQuantisedTypes[kIndex].traits;
  std::fill_n(y, kTileRows, 0.0f);
  for (int64_t g = 0; g < groups; ++g) {
    const Group<kTraits> group{tile + g * tile_layout(kTraits).bytes};
    const float* values = x.values + g * kTraits.group;
    for (int r = 0; r < kTileRows; ++r) {
      float products = 0.0f;
      float total = 0.0f;
      for (int c = 0; c < kTraits.group; ++c) {
        products += static_cast<float>(group.code(r, c)) * values[c];
        total += values[c];
      }
      y[r] += group.scale(r) * products + group.offset(r) * total;
    }
  }
}

/// As tile_exact with x[c] = scales[c / 32] codes[c]; the inner sums are integers.
template <size_t kIndex>
void tile_int8(const std::byte* tile, int64_t groups, const InputView& x, float* y) {
  constexpr CodeTraits kTraits = kQuantisedTypes[kIndex].traits;
  std::fill_n(y, kTileRows, 0.0f);
  for (int64_t g = 0; g < groups; ++g) {
    const Group<kTraits> group{tile + g * tile_layout(kTraits).bytes};
    const int8_t* codes = x.codes + g * kTraits.group;
    const float x_scale = x.scales[g * kTraits.group / 32];
    for (int r = 0; r < kTileRows; ++r) {
      int32_t products = 0;
      int32_t total = 0;
      for (int c = 0; c < kTraits.group; ++c) {
        products += group.code(r, c) * codes[c];
        total += codes[c];
      }
      y[r] += group.scale(r) * x_scale * static_cast<float>(products) +
              group.offset(r) * x_scale * static_cast<float>(total);
    }
  }
}

template <size_t kIndex>
void tile_decode(const std::byte* tile, int64_t groups, float* values) {
  constexpr CodeTraits kTraits = kQuantisedTypes[kIndex].traits;
  const int64_t cols = groups * kTraits.group;
  for (int64_t g = 0; g < groups; ++g) {
    const Group<kTraits> group{tile + g * tile_layout(kTraits).bytes};
    for (int r = 0; r < kTileRows; ++r) {
      for (int c = 0; c < kTraits.group; ++c) {
        values[r * cols + g * kTraits.group + c] =
            group.scale(r) * static_cast<float>(group.code(r, c)) + group.offset(r);
      }
    }
  }
}

void prepare(int64_t cols, InputBuffer& buffer) {
  for (int64_t block = 0; block < cols / 32; ++block) {
    const float* values = buffer.values.data() + 32 * block;
    float largest = 0.0f;
    for (int i = 0; i < 32; ++i) largest = std::max(largest, std::abs(values[i]));
    const float inverse = largest > 0.0f ? 127.0f / largest : 0.0f;
    buffer.scales[block] = largest / 127.0f;
    for (int half = 0; half < 2; ++half) {
      float value_sum = 0.0f;
      int32_t code_sum = 0;
      for (int i = 16 * half; i < 16 * half + 16; ++i) {
        const int code = static_cast<int>(std::nearbyint(values[i] * inverse));
        buffer.codes[32 * block + i] = static_cast<int8_t>(code);
        code_sum += code;
        value_sum += values[i];
      }
      buffer.code_sums[2 * block + half] = code_sum;
      buffer.value_sums[2 * block + half] = value_sum;
    }
  }
}

void softmax(float* x, int64_t n) {
  const float largest = *std::max_element(x, x + n);
  float sum = 0.0f;
  for (int64_t i = 0; i < n; ++i) sum += x[i] = std::exp(x[i] - largest);
  for (int64_t i = 0; i < n; ++i) x[i] /= sum;
}

void softmax_bf16(const uint16_t* scores, const float* bias, int64_t n, float* scratch,
                  uint16_t* weights) {
  for (int64_t i = 0; i < n; ++i)
    scratch[i] = bf16_to_float(scores[i]) + (bias != nullptr ? bias[i] : 0.0f);
  softmax(scratch, n);
  for (int64_t i = 0; i < n; ++i) weights[i] = float_to_bf16(scratch[i]);
}

void swiglu(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = gate[i] / (1.0f + std::exp(-gate[i])) * up[i];
}

void swiglu_bf16(const uint16_t* gate, const uint16_t* up, int64_t n, uint16_t* y) {
  for (int64_t i = 0; i < n; ++i) {
    float value = bf16_to_float(gate[i]);
    const float factor = bf16_to_float(up[i]);
    swiglu(&value, &factor, 1);
    y[i] = float_to_bf16(value);
  }
}

void rms_norm_bf16(const uint16_t* x, const float* weight, float eps, int64_t n, uint16_t* y) {
  float squares = 0.0f;
  for (int64_t i = 0; i < n; ++i) squares += bf16_to_float(x[i]) * bf16_to_float(x[i]);
  const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(n) + eps);
  for (int64_t i = 0; i < n; ++i) y[i] = float_to_bf16(bf16_to_float(x[i]) * inverse * weight[i]);
}

void softmax_gradient_bf16(const uint16_t* weights, const uint16_t* dy, int64_t n, uint16_t* dx) {
  float mean = 0.0f;
  for (int64_t i = 0; i < n; ++i) mean += bf16_to_float(weights[i]) * bf16_to_float(dy[i]);
  for (int64_t i = 0; i < n; ++i)
    dx[i] = float_to_bf16(bf16_to_float(weights[i]) * (bf16_to_float(dy[i]) - mean));
}

void swiglu_gradient_bf16(const uint16_t* gate, const uint16_t* up, const uint16_t* dy, int64_t n,
                          uint16_t* dgate, uint16_t* dup) {
  for (int64_t i = 0; i < n; ++i) {
    const float value = bf16_to_float(gate[i]), outer = bf16_to_float(dy[i]);
    const float sigmoid = 1.0f / (1.0f + std::exp(-value));
    dup[i] = float_to_bf16(outer * value * sigmoid);
    const float slope = sigmoid * (1.0f + value * (1.0f - sigmoid));
    dgate[i] = float_to_bf16(outer * bf16_to_float(up[i]) * slope);
  }
}

void rms_norm_gradient_bf16(const uint16_t* x, const float* weight, const uint16_t* dy, float eps,
                            int64_t n, uint16_t* dx) {
  float squares = 0.0f, dot = 0.0f;
  for (int64_t i = 0; i < n; ++i) {
    squares += bf16_to_float(x[i]) * bf16_to_float(x[i]);
    dot += bf16_to_float(x[i]) * bf16_to_float(dy[i]) * weight[i];
  }
  const auto width = static_cast<float>(n);
  const float inverse = 1.0f / std::sqrt(squares / width + eps);
  for (int64_t i = 0; i < n; ++i) {
    const float along = bf16_to_float(x[i]) * inverse * inverse * dot / width;
    dx[i] = float_to_bf16(inverse * (bf16_to_float(dy[i]) * weight[i] - along));
  }
}

float value_of(float x) { return x; }
float value_of(uint16_t x) { return bf16_to_float(x); }
void assign(float value, float& y) { y = value; }
void assign(float value, uint16_t& y) { y = float_to_bf16(value); }

template <class E>
void rotate(const E* x, const E* cos, const E* sin, int64_t n, E* y) {
  for (int64_t i = 0; i < n; ++i) {
    const float other = value_of(x[(i + n / 2) % n]);
    assign(value_of(x[i]) * value_of(cos[i]) + other * value_of(sin[i]), y[i]);
  }
}

template <class E>
LogSumExp log_sum_exp(const E* x, int64_t n) {
  LogSumExp result{.value = 0.0f, .largest = -std::numeric_limits<float>::infinity(), .at = 0};
  for (int64_t i = 0; i < n; ++i) {
    if (value_of(x[i]) > result.largest) result = {0.0f, value_of(x[i]), i};
  }
  float sum = 0.0f;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(value_of(x[i]) - result.largest);
  result.value = result.largest + std::log(sum);
  return result;
}

template <class E>
void scaled_exp(const E* x, float shift, float factor, int64_t n, E* y) {
  for (int64_t i = 0; i < n; ++i) assign(factor * std::exp(value_of(x[i]) - shift), y[i]);
}

void depthwise_row(const DepthwiseRow& row, float* y) {
  for (int64_t column = 0; column < row.columns; ++column) {
    for (int64_t channel = 0; channel < row.channels; ++channel)
      y[column * row.channels + channel] = depthwise_value(row, column, channel);
  }
}

void pixel_product(const PixelProduct& product, float* y) {
  for (int64_t pixel = 0; pixel < product.pixels; ++pixel) {
    for (int64_t output = 0; output < product.out; ++output)
      y[pixel * product.out + output] = pixel_value(product, pixel, output);
  }
}

template <size_t... kIndex>
void fill_tiles(Kernels& table, std::index_sequence<kIndex...>) {
  table.tile_exact = {tile_exact<kIndex>...};
  table.tile_int8 = {tile_int8<kIndex>...};
  table.tile_decode = {tile_decode<kIndex>...};
}

Kernels make_table() {
  Kernels table;
  table.name = "scalar";
  table.row_products = {row_products<BlockType::kF32>, row_products<BlockType::kF16>,
                        row_products<BlockType::kBF16>};
  table.weighted_sum = {weighted_sum<BlockType::kF32>, weighted_sum<BlockType::kF16>,
                        weighted_sum<BlockType::kBF16>};
  fill_tiles(table, std::make_index_sequence<kQuantisedTypes.size()>());
  table.prepare = prepare;
  table.softmax = softmax;
  table.softmax_bf16 = softmax_bf16;
  table.swiglu = swiglu;
  table.swiglu_bf16 = swiglu_bf16;
  table.rms_norm_bf16 = rms_norm_bf16;
  table.softmax_gradient_bf16 = softmax_gradient_bf16;
  table.swiglu_gradient_bf16 = swiglu_gradient_bf16;
  table.rms_norm_gradient_bf16 = rms_norm_gradient_bf16;
  table.rotate = rotate<float>;
  table.rotate_bf16 = rotate<uint16_t>;
  table.log_sum_exp = log_sum_exp<float>;
  table.log_sum_exp_bf16 = log_sum_exp<uint16_t>;
  table.depthwise_row = depthwise_row;
  table.pixel_product = pixel_product;
  table.scaled_exp = scaled_exp<float>;
  table.scaled_exp_bf16 = scaled_exp<uint16_t>;
  return table;
}

}  // namespace

const Kernels& scalar_kernels() {
  static const Kernels table = make_table();
  return table;
}

}  // namespace flamingo::kernels
