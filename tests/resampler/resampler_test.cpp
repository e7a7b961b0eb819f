#include "flamingo/resampler/resampler.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <string>

#include "flamingo/core/config.h"
#include "flamingo/nn/init.h"
#include "tests/support/tolerance.h"

namespace flamingo::resampler {
namespace {

using testing::agree;
using testing::kFunction;
using testing::Rounding;
using testing::tolerance_of;

constexpr ResamplerKind kKinds[] = {ResamplerKind::kPerceiver, ResamplerKind::kTransformer,
                                    ResamplerKind::kMlp};

ResamplerConfig tiny_config(ResamplerKind kind = ResamplerKind::kPerceiver) {
  return {.kind = kind,
          .dim = 12,
          .width = 16,
          .depth = 2,
          .heads = 2,
          .head_dim = 8,
          .num_latents = 5,
          .num_frames = 4};
}

Resampler make(const ResamplerConfig& config) {
  Resampler resampler(config, torch::kFloat32);
  nn::init_weights(*resampler, 4);
  const torch::NoGradGuard no_grad;
  if (resampler->latents.defined())
    resampler->latents.mul_(50);  // of size 1, so that no property holds by smallness
  if (resampler->time_embeddings.defined()) resampler->time_embeddings.mul_(50);
  return resampler;
}

/// Of media tokens: the input's projection and two layers over up to 24 features and 5 latents.
constexpr Rounding kRounding{.terms = 12 + 2 * (4 * 16 + 16 + 8 + 29 + 64 + 4 * kFunction) +
                                      2 * 16 + kFunction};

int64_t count_parameters(const ResamplerConfig& config) {
  const Resampler resampler(config, torch::TensorOptions().device(torch::kMeta));
  int64_t count = 0;
  for (const auto& parameter : resampler->parameters()) count += parameter.numel();
  return count;
}

TEST(Resampler, GivesRTokensForAnyNumberOfFramesAndPatches) {
  for (const auto kind : kKinds) {
    auto resampler = make(tiny_config(kind));
    for (const int64_t frames : {1, 3, 4, 30}) {
      for (const int64_t patches : {1, 9}) {
        const auto media = resampler->forward(torch::randn({2, 3, frames, patches, 12}));
        EXPECT_EQ(media.sizes().vec(), (std::vector<int64_t>{2, 3, 5, 16}));
      }
    }
  }
}

TEST(Resampler, TreatsEachMediaItemAlone) {
  for (const auto kind : kKinds) {
    auto resampler = make(tiny_config(kind));
    const auto features = torch::randn({2, 3, 2, 4, 12});
    const auto media = resampler->forward(features);
    const auto alone = resampler->forward(features.slice(0, 1, 2).slice(1, 2, 3));
    EXPECT_TRUE(agree(media.slice(0, 1, 2).slice(1, 2, 3), alone, kRounding));
  }
}

/// The transformer's definition for features [S, Dv] of one frame: everything attends to
/// everything.
torch::Tensor plain_transformer(const Resampler& resampler, const torch::Tensor& features) {
  const auto weights = resampler->named_parameters();
  const auto linear = [&](const torch::Tensor& x, const std::string& name) {
    return at::matmul(x, weights[name + ".weight"].t());
  };
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    return torch::layer_norm(x, {16}, weights[name + ".weight"], weights[name + ".bias"]);
  };
  const auto heads = [](const torch::Tensor& x) { return x.view({-1, 2, 8}).transpose(0, 1); };
  auto x = torch::cat({linear(features, "input_proj") + weights["time_embeddings"][0],
                       weights["latents"]});  // [S + R, Dr]
  for (const std::string layer : {"layers.0.", "layers.1."}) {
    const auto y = norm(x, layer + "attention.norm_latents");
    const auto kv = linear(y, layer + "attention.to_kv").chunk(2, 1);
    const auto q = heads(linear(y, layer + "attention.to_q"));
    const auto scores = at::matmul(q, heads(kv[0]).transpose(1, 2)) / std::sqrt(8.0);
    const auto read = at::matmul(scores.softmax(-1), heads(kv[1])).transpose(0, 1).flatten(1);
    x = x + linear(read, layer + "attention.to_out");
    const auto inner = linear(norm(x, layer + "norm_ffw"), layer + "ffw.up_proj").relu().square();
    x = x + linear(inner, layer + "ffw.down_proj");
  }
  return norm(x.slice(0, features.size(0)), "norm");
}

TEST(Resampler, TransformerIsOneSequenceThatAttendsToItself) {
  const torch::NoGradGuard no_grad;
  auto resampler = make(tiny_config(ResamplerKind::kTransformer));
  const auto features = torch::randn({6, 12});
  const auto media = resampler->forward(features.view({1, 1, 1, 6, 12}));
  EXPECT_TRUE(agree(media.flatten(0, 2), plain_transformer(resampler, features), kRounding));
}

TEST(Resampler, MlpReadsFeaturesOneByOneAndAveragesSpans) {
  auto resampler = make(tiny_config(ResamplerKind::kMlp));
  const auto features = torch::randn({1, 1, 1, 10, 12});  // 10 features, 5 tokens: pairs
  const auto media = resampler->forward(features);
  auto changed = features.clone();
  changed.select(3, 4).neg_();
  const auto other = resampler->forward(changed);
  const auto differs =
      (other - media).abs().amax(-1).flatten() > tolerance_of(other, media, kRounding);
  EXPECT_TRUE(differs.equal(torch::tensor({0, 0, 1, 0, 0}).to(torch::kBool)));
  const auto swapped = features.index_select(3, torch::tensor({1, 0, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_TRUE(agree(resampler->forward(swapped), media, kRounding));
  const auto few = resampler->forward(features.narrow(3, 0, 1));  // repeated
  EXPECT_TRUE(agree(few, few.narrow(2, 0, 1).expand_as(few), kRounding));
}

TEST(Resampler, PresetsFitThePapersTotals) {
  const auto millions = [](std::string_view name) {
    return static_cast<double>(count_parameters(resampler_preset(name, 3072))) / 1e6;
  };
  EXPECT_NEAR(millions("small"), 99.2, 0.2);    // 3.1 B with the rest of the 3B model
  EXPECT_NEAR(millions("medium"), 193.7, 0.2);  // 3.2 B
  EXPECT_NEAR(millions("large"), 382.5, 0.3);   // 3.4 B
  EXPECT_NEAR(millions("transformer"), 193.7, 0.2);
  EXPECT_NEAR(millions("mlp"), 193.7, 0.4);
  for (const auto& name : resampler_preset_names())
    EXPECT_NO_THROW(resampler_preset(name, 1024).validate());
  EXPECT_THROW(resampler_preset("tiny", 8), Error);
}

TEST(Resampler, PermutingLatentsPermutesMediaTokens) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 2, 4, 12});
  const auto order = torch::tensor({3, 0, 4, 2, 1});
  const auto expected = resampler->forward(features).index_select(2, order);
  const torch::NoGradGuard no_grad;
  resampler->latents.copy_(resampler->latents.index_select(0, order));
  EXPECT_TRUE(agree(resampler->forward(features), expected, kRounding));
}

TEST(Resampler, PatchesOfAFrameHaveNoOrderButFramesHave) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 4, 6, 12});
  const auto media = resampler->forward(features);
  EXPECT_TRUE(agree(resampler->forward(features.flip(3)), media, kRounding));
  EXPECT_FALSE(agree(resampler->forward(features.flip(2)), media, kRounding));
  ResamplerConfig timeless = tiny_config();
  timeless.num_frames = 0;
  auto other = make(timeless);
  EXPECT_TRUE(agree(other->forward(features.flip(2)), other->forward(features), kRounding));
}

TEST(Resampler, APictureIsAClipOfOneFrame) {
  auto resampler = make(tiny_config());
  EXPECT_TRUE(resampler->time_embedding(1).equal(resampler->time_embeddings.slice(0, 0, 1)));
  const auto picture = torch::randn({1, 1, 1, 6, 12});
  const auto media = resampler->forward(picture);
  const torch::NoGradGuard no_grad;
  resampler->time_embeddings.slice(0, 1).zero_();  // later frames' rows do not matter
  EXPECT_TRUE(resampler->forward(picture).equal(media));
}

TEST(Resampler, TimeEmbeddingsAreInterpolatedBetweenTheEnds) {
  auto resampler = make(tiny_config());
  const auto& table = resampler->time_embeddings;
  EXPECT_TRUE(resampler->time_embedding(4).equal(table));
  const auto seven = resampler->time_embedding(7);  // every second one is a row of the table
  const Rounding mixture{.terms = 4};  // a place between two rows, and their weighted sum
  EXPECT_TRUE(agree(seven.slice(0, 0, 7, 2), table, mixture));
  EXPECT_TRUE(agree(seven[1], (table[0] + table[1]) / 2, mixture));
  const auto thirty = resampler->time_embedding(30);
  EXPECT_TRUE(agree(thirty[0], table[0], mixture));
  EXPECT_TRUE(agree(thirty[29], table[3], mixture));
  EXPECT_TRUE(agree(thirty[1], table[0].lerp(table[1], 3.0 / 29), mixture));
  EXPECT_TRUE(agree(resampler->time_embedding(2), torch::stack({table[0], table[3]}), mixture));
}

TEST(Resampler, LatentsAreAmongTheKeys) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 1, 3, 12});
  const auto before = resampler->forward(features);
  const torch::NoGradGuard no_grad;
  resampler->latents[4].neg_();
  EXPECT_FALSE(
      agree(resampler->forward(features).slice(2, 0, 4), before.slice(2, 0, 4), kRounding));
}

TEST(Resampler, PaperSizeIs194Million) {
  EXPECT_NEAR(static_cast<double>(count_parameters({})), 193.7e6, 0.2e6);
  EXPECT_EQ(count_parameters(openflamingo_resampler(1024)), 63'019'008);
}

TEST(Resampler, ComputesAndLearnsInBFloat16) {
  for (const auto kind : kKinds) {
    auto resampler = make(tiny_config(kind));
    const auto features = torch::randn({2, 1, 4, 6, 12});
    const auto rough = resampler->forward(features.to(torch::kBFloat16));
    EXPECT_EQ(rough.scalar_type(), torch::kBFloat16);
    // Two layers of about ten results each are rounded to bf16.
    EXPECT_TRUE(agree(rough, resampler->forward(features), {.terms = 2 * 10}));
    rough.sum().backward();
    for (const auto& item : resampler->named_parameters())
      EXPECT_TRUE(item.value().grad().defined()) << item.key();
  }
}

TEST(Resampler, RefusesBadInput) {
  auto resampler = make(tiny_config());
  EXPECT_THROW(resampler->forward(torch::zeros({1, 1, 1, 3, 11})), Error);
  EXPECT_THROW(resampler->forward(torch::zeros({1, 1, 0, 3, 12})), Error);
  EXPECT_THROW(resampler->forward(torch::zeros({1, 1, 3, 12})), Error);
  ResamplerConfig config = tiny_config();
  config.heads = 0;
  EXPECT_THROW(make(config), Error);
}

}  // namespace
}  // namespace flamingo::resampler
