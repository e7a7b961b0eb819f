#include "flamingo/nn/attention.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "flamingo/nn/attention_cost.h"
#include "flamingo/nn/bf16_kernels.h"
#include "flamingo/nn/product.h"

namespace flamingo::nn {
namespace {

/// The part of a bias for queries [begin, begin + count) and the first `keys` keys; dimensions of 1
/// stay.
at::Tensor part_of(const at::Tensor& bias, int64_t begin, int64_t count, int64_t keys) {
  if (!bias.defined()) return bias;
  const auto rows = bias.size(-2) == 1 ? bias : bias.narrow(-2, begin, count);
  return rows.size(-1) == 1 ? rows : rows.narrow(-1, 0, keys);
}

/// softmax(scores + bias) over the keys, scores [B, H, T, S] in any type -> the same in `type`.
at::Tensor plain_softmax(const at::Tensor& scores, const at::Tensor& bias, at::ScalarType type) {
  const auto sums = scores.to(at::kFloat);
  return at::softmax(bias.defined() ? sums + bias : sums, -1).to(type);
}

/// attention with the given softmax, in one piece.
template <class Softmax>
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const at::Tensor& bias, Softmax softmax) {
  const int64_t B = q.size(0), H = q.size(1), T = q.size(2), Dh = q.size(3);
  const int64_t kv_heads = k.size(1), S = k.size(2), rows = H / kv_heads * T;
  const double scale = 1.0 / std::sqrt(static_cast<double>(Dh));
  const auto grouped = (q * scale).reshape({B, kv_heads, rows, Dh});  // queries that share keys
  const auto scores = matrix_product(grouped, k.transpose(-2, -1)).view({B, H, T, S});
  const auto weights = softmax(scores, bias, v.scalar_type()).view({B, kv_heads, rows, S});
  return matrix_product(weights, v).view({B, H, T, Dh});
}

/// Whether bf16_softmax can add this bias.
bool takes_bias(const at::Tensor& bias) {
  return !bias.defined() || (bias.scalar_type() == at::kFloat && !bias.requires_grad());
}

at::Tensor fast_softmax(const at::Tensor& scores, const at::Tensor& bias, at::ScalarType type) {
  return type == at::kBFloat16 && takes_bf16_kernels(scores) && takes_bias(bias)
             ? bf16_softmax(scores, bias)
             : plain_softmax(scores, bias, type);
}

}  // namespace

at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const at::Tensor& bias) {
  return attend(q, k, v, bias, plain_softmax);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const at::Tensor& bias, KeyRange range) {
  const int64_t T = q.size(2), S = k.size(2);
  if (T <= kAttentionBlock) return attend(q, k, v, bias, fast_softmax);
  std::vector<at::Tensor> blocks;
  for (int64_t begin = 0; begin < T; begin += kAttentionBlock) {
    const int64_t count = std::min(kAttentionBlock, T - begin);
    const int64_t keys = range == KeyRange::kCausal ? S - T + begin + count : S;
    blocks.push_back(attend(q.narrow(2, begin, count), k.narrow(2, 0, keys), v.narrow(2, 0, keys),
                            part_of(bias, begin, count, keys), fast_softmax));
  }
  return at::cat(blocks, 2);
}

}  // namespace flamingo::nn
