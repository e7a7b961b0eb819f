#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "flamingo/kernels/block_codes.h"
#include "flamingo/kernels/depthwise.h"
#include "flamingo/kernels/pixel_product.h"
#include "flamingo/kernels/tile.h"

namespace flamingo::kernels {

/// An input vector of a matrix product, prepared once for many matrices. Not owning.
struct InputView {
  const float* values = nullptr;       ///< [cols]
  const float* value_sums = nullptr;   ///< [cols / 16] sums of 16 values
  const int8_t* codes = nullptr;       ///< [cols] values / scale, rounded, -127..127
  const float* scales = nullptr;       ///< [cols / 32] largest magnitude / 127
  const int32_t* code_sums = nullptr;  ///< [cols / 16] sums of 16 codes
};

/// Memory of one InputView; `resize` to a multiple of 32, then let Kernels::prepare fill it.
struct InputBuffer {
  std::vector<float> values;
  std::vector<float> value_sums;
  std::vector<int8_t> codes;
  std::vector<float> scales;
  std::vector<int32_t> code_sums;

  void resize(int64_t cols);
  InputView view() const;
};

/// The plain element types, in the order of Kernels' arrays.
inline constexpr std::array<BlockType, 3> kPlainTypes = {BlockType::kF32, BlockType::kF16,
                                                         BlockType::kBF16};
/// Place of `type` in kPlainTypes, or -1 for the quantised types.
constexpr int plain_index(BlockType type) {
  for (size_t i = 0; i < kPlainTypes.size(); ++i) {
    if (kPlainTypes[i] == type) return static_cast<int>(i);
  }
  return -1;
}

/// Of a row of logits x[n].
struct LogSumExp {
  float value = 0;    ///< log(sum_i exp(x[i])); NaN where an x[i] is NaN or infinite
  float largest = 0;  ///< largest x[i]
  int64_t at = 0;     ///< its first place
};

/// The inner loops, one table per instruction set. All work on one thread, on raw memory of any
/// alignment; sizes are the caller's contract. Sums are float32, their order is not specified.
struct Kernels {
  /// y[r] = sum_c weights[r, c] x[c], weights [rows, cols].
  using RowProducts = void (*)(const std::byte* weights, int64_t rows, int64_t cols, const float* x,
                               float* y);
  /// y[c] = sum_r x[r] weights[r, c], weights [rows, cols].
  using WeightedSum = void (*)(const std::byte* weights, int64_t rows, int64_t cols, const float* x,
                               float* y);
  /// y[16] = tile [16, groups * group] times the input.
  using TileProduct = void (*)(const std::byte* tile, int64_t groups, const InputView& x, float* y);
  /// values [16, groups * group] of the tile.
  using TileDecode = void (*)(const std::byte* tile, int64_t groups, float* values);

  const char* name = "";
  std::array<RowProducts, kPlainTypes.size()> row_products{};
  std::array<WeightedSum, kPlainTypes.size()> weighted_sum{};
  /// float32 activations.
  std::array<TileProduct, kQuantisedTypes.size()> tile_exact{};
  /// 8-bit activations, integer products; every group's integer sum is exact.
  std::array<TileProduct, kQuantisedTypes.size()> tile_int8{};
  std::array<TileDecode, kQuantisedTypes.size()> tile_decode{};
  /// Fills everything but `values` of a buffer whose values are set; cols is a multiple of 32.
  void (*prepare)(int64_t cols, InputBuffer& buffer) = nullptr;
  /// x[i] = exp(x[i] - max) / sum, n >= 1. Exponentials are good to 4 units in the last place.
  void (*softmax)(float* x, int64_t n) = nullptr;
  /// weights[n] = softmax(scores[n] + bias[n]), scores and weights in bf16; bias may be nullptr.
  /// scratch has room for n floats.
  void (*softmax_bf16)(const uint16_t* scores, const float* bias, int64_t n, float* scratch,
                       uint16_t* weights) = nullptr;
  /// dx[i] = weights[i] (dy[i] - sum_j weights[j] dy[j]), all in bf16: softmax's gradient.
  void (*softmax_gradient_bf16)(const uint16_t* weights, const uint16_t* dy, int64_t n,
                                uint16_t* dx) = nullptr;
  /// gate[i] = silu(gate[i]) * up[i].
  void (*swiglu)(float* gate, const float* up, int64_t n) = nullptr;
  /// y[i] = silu(gate[i]) * up[i], all in bf16.
  void (*swiglu_bf16)(const uint16_t* gate, const uint16_t* up, int64_t n, uint16_t* y) = nullptr;
  /// Gradients of swiglu_bf16's inputs, of its output's.
  void (*swiglu_gradient_bf16)(const uint16_t* gate, const uint16_t* up, const uint16_t* dy,
                               int64_t n, uint16_t* dgate, uint16_t* dup) = nullptr;
  /// y[i] = x[i] * weight[i] / sqrt(mean(x^2) + eps), x and y in bf16.
  void (*rms_norm_bf16)(const uint16_t* x, const float* weight, float eps, int64_t n,
                        uint16_t* y) = nullptr;
  /// Gradient of rms_norm_bf16's x, of its output's.
  void (*rms_norm_gradient_bf16)(const uint16_t* x, const float* weight, const uint16_t* dy,
                                 float eps, int64_t n, uint16_t* dx) = nullptr;
  /// y[i] = x[i] cos[i] + x[(i + n / 2) % n] sin[i], n even.
  void (*rotate)(const float* x, const float* cos, const float* sin, int64_t n, float* y) = nullptr;
  void (*rotate_bf16)(const uint16_t* x, const uint16_t* cos, const uint16_t* sin, int64_t n,
                      uint16_t* y) = nullptr;
  /// n >= 1.
  LogSumExp (*log_sum_exp)(const float* x, int64_t n) = nullptr;
  LogSumExp (*log_sum_exp_bf16)(const uint16_t* x, int64_t n) = nullptr;
  /// y [columns, channels]: depthwise_value of every column and channel.
  void (*depthwise_row)(const DepthwiseRow& row, float* y) = nullptr;
  /// y [pixels, out]: pixel_value of every pixel and output.
  void (*pixel_product)(const PixelProduct& product, float* y) = nullptr;
  /// y[i] = factor exp(x[i] - shift).
  void (*scaled_exp)(const float* x, float shift, float factor, int64_t n, float* y) = nullptr;
  void (*scaled_exp_bf16)(const uint16_t* x, float shift, float factor, int64_t n,
                          uint16_t* y) = nullptr;
};

/// Plain loops that define what every other table computes.
const Kernels& scalar_kernels();
/// AVX2 + FMA + F16C, or nullptr where this processor (or build) lacks them.
const Kernels* avx2_kernels();
/// AVX-512 (F, BW, DQ, VL, VNNI), or nullptr where this processor (or build) lacks them.
const Kernels* avx512_kernels();
/// The fastest table that this processor runs.
const Kernels& best_kernels();

}  // namespace flamingo::kernels
