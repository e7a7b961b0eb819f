#include "flamingo/resampler/perceiver_resampler.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/config.h"
#include "flamingo/nn/init.h"

namespace flamingo {
namespace {

ResamplerConfig tiny_config() {
  return {.dim = 12,
          .width = 16,
          .depth = 2,
          .heads = 2,
          .head_dim = 8,
          .num_latents = 5,
          .num_frames = 4};
}

PerceiverResampler make(const ResamplerConfig& config) {
  PerceiverResampler resampler(config, torch::kFloat32);
  init_weights(*resampler, 4);
  const torch::NoGradGuard no_grad;
  resampler->latents.mul_(50);  // of size 1, so that no property holds by smallness
  if (resampler->time_embeddings.defined()) resampler->time_embeddings.mul_(50);
  return resampler;
}

int64_t count_parameters(const ResamplerConfig& config) {
  const PerceiverResampler resampler(config, torch::TensorOptions().device(torch::kMeta));
  int64_t count = 0;
  for (const auto& parameter : resampler->parameters()) count += parameter.numel();
  return count;
}

TEST(PerceiverResampler, GivesRTokensForAnyNumberOfFramesAndPatches) {
  auto resampler = make(tiny_config());
  for (const int64_t frames : {1, 3, 4, 30}) {
    for (const int64_t patches : {1, 9}) {
      const auto media = resampler->forward(torch::randn({2, 3, frames, patches, 12}));
      EXPECT_EQ(media.sizes().vec(), (std::vector<int64_t>{2, 3, 5, 16}));
    }
  }
}

TEST(PerceiverResampler, TreatsEachMediumAlone) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({2, 3, 2, 4, 12});
  const auto media = resampler->forward(features);
  const auto alone = resampler->forward(features.slice(0, 1, 2).slice(1, 2, 3));
  EXPECT_TRUE(media.slice(0, 1, 2).slice(1, 2, 3).allclose(alone, 1e-5, 1e-5));
}

TEST(PerceiverResampler, PermutingLatentsPermutesMediaTokens) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 2, 4, 12});
  const auto order = torch::tensor({3, 0, 4, 2, 1});
  const auto expected = resampler->forward(features).index_select(2, order);
  const torch::NoGradGuard no_grad;
  resampler->latents.copy_(resampler->latents.index_select(0, order));
  EXPECT_TRUE(resampler->forward(features).allclose(expected, 1e-5, 1e-5));
}

TEST(PerceiverResampler, PatchesOfAFrameHaveNoOrderButFramesHave) {
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

TEST(PerceiverResampler, APictureIsAClipOfOneFrame) {
  auto resampler = make(tiny_config());
  EXPECT_TRUE(resampler->time_embedding(1).equal(resampler->time_embeddings.slice(0, 0, 1)));
  const auto picture = torch::randn({1, 1, 1, 6, 12});
  const auto media = resampler->forward(picture);
  const torch::NoGradGuard no_grad;
  resampler->time_embeddings.slice(0, 1).zero_();  // later frames' rows do not matter
  EXPECT_TRUE(resampler->forward(picture).equal(media));
}

TEST(PerceiverResampler, TimeEmbeddingsAreInterpolatedBetweenTheEnds) {
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

TEST(PerceiverResampler, LatentsAreAmongTheKeys) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({1, 1, 1, 3, 12});
  const auto before = resampler->forward(features);
  const torch::NoGradGuard no_grad;
  resampler->latents[4].neg_();
  EXPECT_FALSE(
      resampler->forward(features).slice(2, 0, 4).allclose(before.slice(2, 0, 4), 1e-4, 1e-4));
}

TEST(PerceiverResampler, PaperSizeIs194Million) {
  EXPECT_NEAR(static_cast<double>(count_parameters({})), 193.7e6, 0.2e6);
  EXPECT_EQ(count_parameters(openflamingo_resampler(1024)), 63'019'008);
}

TEST(PerceiverResampler, ComputesAndLearnsInBFloat16) {
  auto resampler = make(tiny_config());
  const auto features = torch::randn({2, 1, 4, 6, 12});
  const auto rough = resampler->forward(features.to(torch::kBFloat16));
  EXPECT_EQ(rough.scalar_type(), torch::kBFloat16);
  EXPECT_LT((rough.to(torch::kFloat32) - resampler->forward(features)).abs().max().item<float>(),
            0.1);
  rough.sum().backward();
  for (const auto& item : resampler->named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

TEST(PerceiverResampler, RefusesBadInput) {
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
