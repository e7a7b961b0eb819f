#include "flamingo/vision/clip_vit.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "tests/support/tolerance.h"

namespace flamingo::vision {
namespace {

ClipVitConfig tiny_clip() {
  return {.image_size = 24,
          .patch_size = 8,
          .width = 16,
          .layers = 2,
          .heads = 4,
          .mlp_width = 32,
          .embed_dim = 6};
}

ClipVit make(const ClipVitConfig& config) {
  ClipVit clip(config, torch::kFloat32);
  nn::init_weights(*clip, 2);
  return clip;
}

TEST(ClipVit, OutputsFollowTheirTable) {
  const auto pixels = torch::randn({2, 3, 24, 24});
  ClipVitConfig config = tiny_clip();
  auto clip = make(config);
  const auto all = clip->tokens(pixels);
  ASSERT_EQ(all.sizes().vec(), (std::vector<int64_t>{2, 10, 16}));
  EXPECT_TRUE(clip->forward(pixels).equal(all.slice(1, 1)));
  config.output = ClipOutput::kAll;
  EXPECT_TRUE(make(config)->forward(pixels).equal(all));
  config.output = ClipOutput::kPatchesNormed;
  EXPECT_TRUE(make(config)->forward(pixels).equal(clip->post_norm(all.slice(1, 1))));
}

TEST(ClipVit, EmbedsTheClassToken) {
  auto clip = make(tiny_clip());
  const auto all = clip->tokens(torch::randn({3, 3, 24, 24}));
  const auto embedding = clip->embed(all);
  EXPECT_EQ(embedding.sizes().vec(), (std::vector<int64_t>{3, 6}));
  const int64_t terms = 2 * 16 + 16 + testing::kFunction;  // a norm and the projection
  EXPECT_TRUE(testing::agree(clip->embed(all.slice(1, 0, 1)), embedding, {.terms = terms}));
  ClipVitConfig config = tiny_clip();
  config.embed_dim = 0;
  EXPECT_THROW(make(config)->embed(all), Error);
}

TEST(ClipVit, PresetsHaveTheirPublishedSizes) {
  const auto count = [](const char* name) {
    const ClipVit clip(clip_vit_preset(name), torch::TensorOptions().device(torch::kMeta));
    int64_t total = 0;
    for (const auto& parameter : clip->parameters()) total += parameter.numel();
    return total;
  };
  EXPECT_EQ(count("clip-vit-b-32"), 87'849'216);
  EXPECT_EQ(count("clip-vit-l-14"), 303'966'208);
  EXPECT_EQ(clip_vit_preset("clip-vit-l-14-336").num_patches(), 576);
  EXPECT_EQ(clip_vit_preset("clip-vit-h-14").activation, Activation::kGelu);
  EXPECT_EQ(ClipVitConfig::presets().size(), 5U);
  EXPECT_THROW(clip_vit_preset("clip-vit-x"), Error);
}

TEST(ClipVit, RefusesOtherSizes) {
  auto clip = make(tiny_clip());
  EXPECT_THROW(clip->forward(torch::zeros({1, 3, 32, 32})), Error);
  ClipVitConfig config = tiny_clip();
  config.patch_size = 7;
  EXPECT_THROW(make(config), Error);
  config = tiny_clip();
  config.heads = 3;
  EXPECT_THROW(make(config), Error);
}

}  // namespace
}  // namespace flamingo::vision
