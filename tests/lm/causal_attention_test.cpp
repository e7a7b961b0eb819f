#include "flamingo/lm/causal_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/nn/init.h"
#include "tests/lm/tiny_models.h"
#include "tests/support/tolerance.h"

namespace flamingo::lm {
namespace {

/// Transformer-XL's definition, one query and key at a time: (q_i + u) k_j + (q_i + v) r_(i - j).
torch::Tensor naive_relative(const CausalAttention& attention, const DecoderConfig& config,
                             const torch::Tensor& x, const torch::Tensor& sinusoids) {
  const int64_t T = x.size(1), H = config.num_heads, Dh = config.head_dim;
  const auto qkv = attention->qkv_proj->forward(x)[0].view({T, 3, H, Dh});
  const auto r = attention->r_proj->forward(sinusoids).view({T, H, Dh});
  auto out = torch::zeros({T, H, Dh});
  for (int64_t h = 0; h < H; ++h) {
    for (int64_t i = 0; i < T; ++i) {
      auto scores = torch::empty({i + 1});
      for (int64_t j = 0; j <= i; ++j) {
        const auto q = qkv[i][0][h];
        scores[j] = ((q + attention->r_w_bias[h]).dot(qkv[j][1][h]) +
                     (q + attention->r_r_bias[h]).dot(r[i - j][h])) /
                    std::sqrt(static_cast<double>(Dh));
      }
      out[i][h] =
          torch::mv(qkv.select(1, 2).select(1, h).slice(0, 0, i + 1).t(), scores.softmax(0));
    }
  }
  return attention->o_proj->forward(out.flatten(1)).unsqueeze(0);
}

TEST(CausalAttention, RelativePositionsAreTransformerXls) {
  const torch::NoGradGuard no_grad;
  auto config = testing::tiny_lm();
  config.position = PositionKind::kRelative;
  config.num_kv_heads = config.num_heads;
  CausalAttention attention(config, torch::kFloat32);
  nn::init_weights(*attention, 5);
  attention->r_w_bias.normal_();
  attention->r_r_bias.normal_();
  constexpr int64_t kTokens = 6;
  const auto x = torch::randn({1, kTokens, config.dim});
  BlockContext context;
  context.sinusoids = torch::randn({kTokens, config.dim});
  const auto index = torch::arange(kTokens);
  context.distances = (index.unsqueeze(1) - index).clamp_min(0);
  context.bias = torch::full({kTokens, kTokens}, -INFINITY).triu(1).view({1, 1, kTokens, kTokens});
  const int64_t terms = 2 * config.dim + 2 * config.head_dim + 2 * kTokens + config.dim;
  EXPECT_TRUE(testing::agree(attention->forward(x, context, nullptr, 0),
                             naive_relative(attention, config, x, context.sinusoids),
                             {.terms = terms + 2 * testing::kFunction}));
}

}  // namespace
}  // namespace flamingo::lm
