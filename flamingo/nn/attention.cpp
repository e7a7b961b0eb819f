#include "flamingo/nn/attention.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace flamingo {
namespace {

/// Queries per block.
constexpr int64_t kBlock = 128;

/// The part of a bias for queries [begin, begin + count) and the first `keys` keys; extents of 1
/// stay.
at::Tensor part_of(const at::Tensor& bias, int64_t begin, int64_t count, int64_t keys) {
  if (!bias.defined()) return bias;
  const auto rows = bias.size(-2) == 1 ? bias : bias.narrow(-2, begin, count);
  return rows.size(-1) == 1 ? rows : rows.narrow(-1, 0, keys);
}

}  // namespace

at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const at::Tensor& bias) {
  const int64_t B = q.size(0), H = q.size(1), T = q.size(2), Dh = q.size(3);
  const int64_t kv_heads = k.size(1), S = k.size(2), rows = H / kv_heads * T;
  const double scale = 1.0 / std::sqrt(static_cast<double>(Dh));
  const auto grouped = (q * scale).reshape({B, kv_heads, rows, Dh});  // queries that share keys
  auto scores = at::matmul(grouped, k.transpose(-2, -1)).view({B, H, T, S}).to(at::kFloat);
  if (bias.defined()) scores = scores + bias;
  const auto weights = at::softmax(scores, -1).to(v.scalar_type());
  return at::matmul(weights.view({B, kv_heads, rows, S}), v).view({B, H, T, Dh});
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const at::Tensor& bias, KeyRange range) {
  const int64_t T = q.size(2), S = k.size(2);
  if (T <= kBlock) return plain_attention(q, k, v, bias);
  std::vector<at::Tensor> blocks;
  for (int64_t begin = 0; begin < T; begin += kBlock) {
    const int64_t count = std::min(kBlock, T - begin);
    const int64_t keys = range == KeyRange::kCausal ? S - T + begin + count : S;
    blocks.push_back(plain_attention(q.narrow(2, begin, count), k.narrow(2, 0, keys),
                                     v.narrow(2, 0, keys), part_of(bias, begin, count, keys)));
  }
  return at::cat(blocks, 2);
}

}  // namespace flamingo
