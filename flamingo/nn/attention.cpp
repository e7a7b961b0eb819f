#include "flamingo/nn/attention.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "flamingo/quant/kernels.h"

namespace flamingo {
namespace {

/// Queries per block.
constexpr int64_t kBlock = 128;
/// Rows of scores that are worth a thread's start.
constexpr int64_t kRowsPerThread = 64;

/// The part of a bias for queries [begin, begin + count) and the first `keys` keys; extents of 1
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

/// Whether fused_softmax can do it: bf16 in memory order on the CPU, and nobody asks for gradients.
bool can_fuse(const at::Tensor& scores, const at::Tensor& bias) {
  const bool bias_fits =
      !bias.defined() || (bias.scalar_type() == at::kFloat && bias.size(-1) == scores.size(-1) &&
                          bias.stride(-1) == 1);
  return bias_fits && scores.device().is_cpu() && scores.scalar_type() == at::kBFloat16 &&
         scores.is_contiguous() && !scores.requires_grad() && scores.numel() > 0 &&
         !(bias.defined() && bias.requires_grad());
}

/// plain_softmax row by row, without tensors of scores in fp32.
at::Tensor fused_softmax(const at::Tensor& scores, const at::Tensor& bias) {
  const int64_t H = scores.size(1), T = scores.size(2), S = scores.size(3);
  const auto shown = bias.defined() ? bias.expand(scores.sizes()) : bias;
  auto weights = at::empty_like(scores);
  const auto* from = static_cast<const uint16_t*>(scores.const_data_ptr());
  auto* to = static_cast<uint16_t*>(weights.mutable_data_ptr());
  const auto bias_row = [&](int64_t row) -> const float* {
    if (!shown.defined()) return nullptr;
    return shown.const_data_ptr<float>() + row / (H * T) * shown.stride(0) +
           row / T % H * shown.stride(1) + row % T * shown.stride(2);
  };
  const auto softmax = best_kernels().softmax_bf16;
  at::parallel_for(0, scores.numel() / S, kRowsPerThread, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(S));
    for (int64_t row = begin; row < end; ++row) {
      softmax(from + row * S, bias_row(row), S, scratch.data(), to + row * S);
    }
  });
  return weights;
}

/// attention with the given softmax, in one piece.
template <class Softmax>
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const at::Tensor& bias, Softmax softmax) {
  const int64_t B = q.size(0), H = q.size(1), T = q.size(2), Dh = q.size(3);
  const int64_t kv_heads = k.size(1), S = k.size(2), rows = H / kv_heads * T;
  const double scale = 1.0 / std::sqrt(static_cast<double>(Dh));
  const auto grouped = (q * scale).reshape({B, kv_heads, rows, Dh});  // queries that share keys
  const auto scores = at::matmul(grouped, k.transpose(-2, -1)).view({B, H, T, S});
  const auto weights = softmax(scores, bias, v.scalar_type()).view({B, kv_heads, rows, S});
  return at::matmul(weights, v).view({B, H, T, Dh});
}

at::Tensor fast_softmax(const at::Tensor& scores, const at::Tensor& bias, at::ScalarType type) {
  return type == at::kBFloat16 && can_fuse(scores, bias) ? fused_softmax(scores, bias)
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
  if (T <= kBlock) return attend(q, k, v, bias, fast_softmax);
  std::vector<at::Tensor> blocks;
  for (int64_t begin = 0; begin < T; begin += kBlock) {
    const int64_t count = std::min(kBlock, T - begin);
    const int64_t keys = range == KeyRange::kCausal ? S - T + begin + count : S;
    blocks.push_back(attend(q.narrow(2, begin, count), k.narrow(2, 0, keys), v.narrow(2, 0, keys),
                            part_of(bias, begin, count, keys), fast_softmax));
  }
  return at::cat(blocks, 2);
}

}  // namespace flamingo
