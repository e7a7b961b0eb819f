#pragma once

#include <ATen/core/Tensor.h>

#include "flamingo/nn/rotary_scaling.h"

namespace flamingo::nn {

/// Cosines and sines of the rotary embedding for some positions, shared by all layers.
struct RotaryTable {
  at::Tensor cos;  ///< [B or 1, T, 1, Dh]
  at::Tensor sin;  ///< [B or 1, T, 1, Dh], first half negated
};

/// Turns of a rotary embedding.
struct RotaryTurns {
  int64_t head_dim = 0;  ///< Dh, even
  double base = 10000.0;
  RotaryScaling scaling = {};
};

/// [Dh / 2] radians per position: base^(-2i / Dh) / divisor_i, in fp32. Source: Su et al. 2021.
at::Tensor rotary_frequencies(const RotaryTurns& turns);

/// positions [B or 1, T] (int64) -> the table for heads of width Dh, in `type`; angles in fp32.
RotaryTable rotary_table(const at::Tensor& positions, const RotaryTurns& turns,
                         at::ScalarType type);

/// x [B, T, H, Dh] -> rotated, pairing i with i + Dh / 2 ("rotate half", as LLaMA and GPT-NeoX).
at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table);

/// apply_rotary(x, table) with the heads before the tokens, x [B, T, H, Dh] -> [B, H, T, Dh]: on
/// the CPU in one pass, and so is its gradient.
at::Tensor rotate_heads(const at::Tensor& x, const RotaryTable& table);

}  // namespace flamingo::nn
