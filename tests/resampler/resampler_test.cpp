#include "flamingo/resampler/resampler.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <string>

#include "flamingo/core/config.h"
#include "flamingo/nn/init.h"

namespace flamingo {
namespace {

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
  init_weights(*resampler, 4);
  const torch::NoGradGuard no_grad;
  if (resampler->latents.defined())
    resampler->latents.mul_(50);  // of size 1, so that no property holds by smallness
  if (resampler->time_embeddings.defined()) resampler->time_embeddings.mul_(50);
  return resampler;
}

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

TEST(Resampler, TreatsEachMediumAlone) {
  for (const auto kind : kKinds) {
    auto resampler = make(tiny_config(kind));
    const auto features = torch::randn({2, 3, 2, 4, 12});
    const auto media = resampler->forward(features);
    const auto alone = resampler->forward(features.slice(0, 1, 2).slice(1, 2, 3));
    EXPECT_TRUE(media.slice(0, 1, 2).slice(1, 2, 3).allclose(alone, 1e-5, 1e-5));
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
  EXPECT_TRUE(media.flatten(0, 2).allclose(plain_transformer(resampler, features), 1e-4, 1e-4));
}

TEST(Resampler, MlpReadsFeaturesOneByOneAndAveragesSpans) {
  auto resampler = make(tiny_config(ResamplerKind::kMlp));
  const auto features = torch::randn({1, 1, 1, 10, 12});  // 10 features, 5 tokens: pairs
  const auto media = resampler->forward(features);
  auto changed = features.clone();
  changed.select(3, 4).neg_();
  const auto differs = (resampler->forward(changed) - media).abs().amax(-1).flatten() > 1e-4;
  EXPECT_TRUE(differs.equal(torch::tensor({0, 0, 1, 0, 0}).to(torch::kBool)));
  const auto swapped = features.index_select(3, torch::tensor({1, 0, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_TRUE(resampler->forward(swapped).allclose(media, 1e-5, 1e-5));
  const auto few = resampler->forward(features.narrow(3, 0, 1));  // repeated
  EXPECT_TRUE(few.allclose(few.narrow(2, 0, 1).expand_as(few)));
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
  EXPECT_TRUE(resampler->forward(features).allclose(expected, 1e-5, 1e-5));
}

TEST(Resampler, PatchesOfAFrameHaveNoOrderButFramesHave) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 4, 6, 12});
  const auto media = resampler->forward(features);
  EXPECT_TRUE(resampler->forward(features.flip(3)).allclose(media, 1e-5, 1e-5));
  EXPECT_FALSE(resampler->forward(features.flip(2)).allclose(media, 1e-3, 1e-3));
  ResamplerConfig timeless = tiny_config();
  timeless.num_frames = 0;
  auto other = make(timeless);
  EXPECT_TRUE(other->forward(features.flip(2)).allclose(other->forward(features), 1e-5, 1e-5));
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
  EXPECT_TRUE(seven.slice(0, 0, 7, 2).allclose(table, 1e-5, 1e-6));
  EXPECT_TRUE(seven[1].allclose((table[0] + table[1]) / 2, 1e-5, 1e-6));
  const auto thirty = resampler->time_embedding(30);
  EXPECT_TRUE(thirty[0].allclose(table[0]));
  EXPECT_TRUE(thirty[29].allclose(table[3]));
  EXPECT_TRUE(thirty[1].allclose(table[0].lerp(table[1], 3.0 / 29), 1e-5, 1e-5));
  EXPECT_TRUE(resampler->time_embedding(2).allclose(torch::stack({table[0], table[3]})));
}

TEST(Resampler, LatentsAreAmongTheKeys) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 1, 3, 12});
  const auto before = resampler->forward(features);
  const torch::NoGradGuard no_grad;
  resampler->latents[4].neg_();
  EXPECT_FALSE(
      resampler->forward(features).slice(2, 0, 4).allclose(before.slice(2, 0, 4), 1e-4, 1e-4));
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
    EXPECT_LT((rough.to(torch::kFloat32) - resampler->forward(features)).abs().max().item<float>(),
              0.1);
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
}  // namespace flamingo
