#include "flamingo/lm/gated_xattn.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <cmath>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/nn/attention.h"
#include "tests/support/seed.h"
#include "tests/support/tolerance.h"

namespace flamingo::lm {
namespace {

using testing::agree;
using testing::kFunction;

constexpr XattnWidths kWidths{.dim = 16, .media_dim = 12};

GatedXattnConfig tiny_config() {
  GatedXattnConfig config;
  config.num_heads = 2;
  config.head_dim = 8;
  config.ffw_dim = 24;
  config.gate_init = 0.3;
  return config;
}

/// The paper's, IDEFICS's, and the paper's ablations.
std::vector<GatedXattnConfig> layer_variants() {
  auto idefics = tiny_config();
  idefics.norm = {.kind = NormKind::kRmsNorm};
  idefics.norm_media = false;
  idefics.qk_norm = true;
  idefics.gated_ffw = true;
  idefics.activation = Activation::kSilu;
  idefics.vector_gates = true;
  auto ungated = tiny_config();
  ungated.gate = GateKind::kNone;
  auto vanilla = tiny_config();
  vanilla.form = XattnForm::kVanilla;
  auto previous = tiny_config();
  previous.media_attention = MediaAttention::kAllPrevious;
  return {tiny_config(), idefics, ungated, vanilla, previous};
}

GatedXattn make(const GatedXattnConfig& config, torch::ScalarType type = torch::kFloat32) {
  GatedXattn layer(config, kWidths, type);
  nn::init_weights(*layer, 9);
  return layer;
}

/// Terms of attend(): the norm and q, the media's norm and keys, a score, a softmax over up to
/// `keys` and its mixture, and the output's projection.
int64_t attend_terms(int64_t keys) {
  return 2 * 16 + 16 + 2 * 12 + 12 + 8 + 2 * keys + 16 + 5 * kFunction;
}

/// Terms of the feed-forward network and its norm.
constexpr int64_t kFfwTerms = 2 * 16 + 16 + 24 + 2 * kFunction;

torch::Tensor heads(const torch::Tensor& x) { return x.unflatten(-1, {2, 8}).transpose(1, 2); }

/// All tokens against all images, masked: the definition.
torch::Tensor naive_attend(const GatedXattn& layer, const torch::Tensor& y, const KeyValues& media,
                           const torch::Tensor& phi, MediaAttention seen) {
  const int64_t images = media.keys.size(1), latents = media.keys.size(2);
  auto q = layer->to_q->forward(layer->norm->forward(y));
  if (layer->q_norm) q = layer->q_norm->forward(q.unflatten(-1, {2, 8})).flatten(-2);
  const auto image_of_key =
      torch::arange(1, images + 1).repeat_interleave(latents).view({1, 1, 1, images * latents});
  const auto image_of_token = phi.view({y.size(0), 1, y.size(1), 1});
  const auto other = seen == MediaAttention::kLast ? image_of_token != image_of_key
                                                   : image_of_token < image_of_key;
  const auto hidden = other.logical_and(image_of_token > 0);
  const auto bias =
      torch::zeros(hidden.sizes()).masked_fill(hidden, -std::numeric_limits<float>::infinity());
  const auto out = nn::plain_attention(heads(q), heads(media.keys.flatten(1, 2)),
                                       heads(media.values.flatten(1, 2)), bias);
  const auto rows = layer->to_out->forward(out.transpose(1, 2).flatten(2));
  return rows.masked_fill((phi == 0).unsqueeze(-1), 0.0);
}

torch::Tensor random_phi(Rng& rng, int64_t batch, int64_t count, int64_t images) {
  auto phi = torch::zeros({batch, count}, torch::kInt64);
  for (int64_t i = 0; i < phi.numel(); ++i) {
    phi.view(-1)[i] = static_cast<int64_t>(rng.below(images + 1));
  }
  return phi;
}

TEST(GatedXattn, RandomInterleavingsEqualTheMaskedDefinition) {
  const torch::NoGradGuard no_grad;
  Rng rng(testing::seeded(4));
  for (const auto& config : layer_variants()) {
    const auto layer = make(config);
    for (int round = 0; round < 40; ++round) {
      const int64_t batch = 1 + rng.below(3), count = 1 + rng.below(50), images = 1 + rng.below(4);
      const auto y = torch::randn({batch, count, 16});
      const auto media = layer->encode_media(torch::randn({batch, images, 5, 12}));
      const auto phi = random_phi(rng, batch, count, images);
      const auto seen = config.media_attention;
      const auto got = layer->attend(y, media, plan_media(phi, images, torch::kCPU, seen));
      ASSERT_TRUE(agree(got, naive_attend(layer, y, media, phi, seen),
                        {.terms = attend_terms(images * 5)}));
      ASSERT_EQ(got.masked_select((phi == 0).unsqueeze(-1)).abs().sum().item<float>(), 0.f);
    }
  }
}

TEST(GatedXattn, GradientsEqualTheDefinitions) {
  for (const auto& config : layer_variants()) {
    const auto layer = make(config);
    const auto pixels = torch::randn({2, 3, 5, 12});
    const auto phi = torch::tensor({{0, 1, 1, 2, 2, 2, 3}, {1, 1, 3, 0, 3, 3, 2}}, torch::kInt64);
    const auto grads = [&](bool naive) {
      const auto y = torch::linspace(-1, 1, 2 * 7 * 16).view({2, 7, 16}).set_requires_grad(true);
      const auto media = layer->encode_media(pixels);
      const auto seen = config.media_attention;
      const auto out = naive ? naive_attend(layer, y, media, phi, seen)
                             : layer->attend(y, media, plan_media(phi, 3, torch::kCPU, seen));
      return torch::autograd::grad(
          {out.square().sum()},
          {y, layer->to_q->weight, layer->to_kv->weight, layer->to_out->weight});
    };
    const auto got = grads(false), expected = grads(true);
    // Back the way they came, and for weights summed over 14 tokens or 30 places of media.
    const int64_t terms = 2 * attend_terms(3 * 5) + 30;
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(agree(got[i], expected[i], {.terms = terms})) << i;
  }
}

TEST(GatedXattn, ClosedGatesChangeNoBit) {
  auto config = tiny_config();
  config.gate_init = 0.0;
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const auto layer = make(config);
    const auto y = torch::randn({2, 6, 16}).to(type);
    const auto media = layer->encode_media(torch::randn({2, 2, 5, 12}).to(type));
    const auto phi = torch::tensor({{0, 1, 1, 2, 2, 2}, {1, 1, 1, 2, 2, 2}}, torch::kInt64);
    EXPECT_TRUE(layer->forward(y, media, plan_media(phi, 2)).equal(y));
  }
}

TEST(GatedXattn, WithoutGatesBothFactorsAreOne) {
  const torch::NoGradGuard no_grad;
  auto config = tiny_config();
  config.gate = GateKind::kNone;
  const auto layer = make(config);
  const auto y = torch::randn({2, 6, 16});
  const auto media = layer->encode_media(torch::randn({2, 2, 5, 12}));
  const auto plan = plan_media(torch::tensor({{0, 1, 1, 2, 2, 2}, {1, 1, 1, 2, 2, 2}}), 2);
  const auto z = y + layer->attend(y, media, plan);
  const auto expected = z + layer->ffw->forward(layer->norm_ffw->forward(z));
  EXPECT_TRUE(layer->forward(y, media, plan).equal(expected));
  for (const auto& item : layer->named_parameters()) {
    EXPECT_EQ(item.key().find("alpha"), std::string::npos) << item.key();
  }
}

TEST(GatedXattn, VanillaIsTheAttentionAlone) {
  const torch::NoGradGuard no_grad;
  auto config = tiny_config();
  config.form = XattnForm::kVanilla;
  const auto layer = make(config);
  const auto y = torch::randn({1, 4, 16});
  const auto media = layer->encode_media(torch::randn({1, 1, 5, 12}));
  const auto plan = plan_media(torch::tensor({{0, 1, 1, 1}}), 1);
  const auto expected = y + std::tanh(0.3f) * layer->attend(y, media, plan);
  EXPECT_TRUE(
      agree(layer->forward(y, media, plan), expected, {.terms = attend_terms(5) + kFunction}));
  const auto nothing = plan_media(torch::zeros({1, 4}, torch::kInt64), 0);
  EXPECT_TRUE(layer->forward(y, {}, nothing).equal(y));
}

TEST(GatedXattn, FeedForwardRunsWithoutMedia) {
  const torch::NoGradGuard no_grad;
  const auto layer = make(tiny_config());
  const auto y = torch::randn({1, 4, 16});
  const auto got = layer->forward(y, {}, plan_media(torch::zeros({1, 4}, torch::kInt64), 0));
  const auto expected = y + std::tanh(0.3f) * layer->ffw->forward(layer->norm_ffw->forward(y));
  EXPECT_TRUE(agree(got, expected, {.terms = kFfwTerms + kFunction}));
  EXPECT_FALSE(agree(got, y, {.terms = kFfwTerms + kFunction}));
}

TEST(GatedXattnConfig, Placement) {
  GatedXattnConfig config;
  config.first = 4;
  config.every = 6;
  std::vector<int64_t> blocks;
  for (int64_t n = 0; n < 30; ++n) {
    if (config.at_block(n)) blocks.push_back(n);
  }
  EXPECT_EQ(blocks, (std::vector<int64_t>{4, 10, 16, 22, 28}));
  EXPECT_EQ(config.count(30), 5);
  EXPECT_EQ(config.count(4), 0);
  config.first = 0;
  config.every = 7;
  EXPECT_EQ(config.count(80), 12);  // the paper's 80B
  config.every = -1;
  EXPECT_THROW(config.validate(), Error);
}

TEST(GatedXattnConfig, ASingleLayerInTheMiddle) {
  GatedXattnConfig config;
  config.first = 12;
  config.every = 0;
  config.validate();
  for (int64_t n = 0; n < 24; ++n) EXPECT_EQ(config.at_block(n), n == 12) << n;
  EXPECT_EQ(config.count(24), 1);
  EXPECT_EQ(config.count(12), 0);
}

TEST(GatedXattnConfig, GraftingLeavesTheBlocksAlone) {
  GatedXattnConfig config;
  config.form = XattnForm::kGrafting;
  config.graft_depth = 3;
  for (int64_t n = 0; n < 24; ++n) EXPECT_FALSE(config.at_block(n)) << n;
  EXPECT_EQ(config.count(24), 3);
}

}  // namespace
}  // namespace flamingo::lm
