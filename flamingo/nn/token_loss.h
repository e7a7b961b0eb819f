#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace flamingo::nn {

/// What the logits of n tokens say of the tokens that were to come.
struct TokenLoss {
  at::Tensor loss;       ///< [] fp32: mean over tokens of -log softmax(logits)[target]
  at::Tensor predicted;  ///< [n] the first of the largest logits
};

/// logits: one or more [n, V0], [n, V1], ..., parts of a vocabulary of V = V0 + V1 + ... words;
/// targets [n] in [0, V). On the CPU, in fp32 and bf16, nothing but the logits themselves is kept
/// for the gradient, and no copy of them is made in fp32. Throws Error on other shapes and on a
/// target out of range.
TokenLoss token_loss(const std::vector<at::Tensor>& logits, const at::Tensor& targets);

/// The same by torch's own operations: logits [n, V0], [n, V1], ..., targets [n].
TokenLoss plain_token_loss(const std::vector<at::Tensor>& logits, const at::Tensor& targets);

}  // namespace flamingo::nn
