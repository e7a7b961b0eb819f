#include "flamingo/train/trunk_features.h"

#include <gtest/gtest.h>

#include "flamingo/data/label_source.h"
#include "flamingo/nn/init.h"
#include "flamingo/vision/efficientnet.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"
#include "tests/support/tolerance.h"

namespace flamingo::train {
namespace {

vision::EfficientNet projecting(uint64_t seed) {
  vision::EfficientNetConfig config;
  config.image_size = 16;
  config.stem_width = 8;
  config.depths = {1};
  config.widths = {8};
  config.kernels = {3};
  config.strides = {1};
  config.expansions = {1};
  config.final_width = 12;
  config.projection_dim = 4;
  vision::EfficientNet net(config, torch::kFloat32);
  nn::init_weights(*net, seed);
  return net;
}

TEST(TrunkKey, IsThatOfTheTrunkAlone) {
  const auto net = projecting(1);
  const std::string key = trunk_key(*net);
  EXPECT_EQ(key.size(), 64u);
  const torch::NoGradGuard no_grad;
  for (const auto& item : projecting(2)->named_parameters()) {
    if (item.key().starts_with("projection"))
      net->named_parameters()[item.key()].copy_(item.value());
  }
  EXPECT_EQ(trunk_key(*net), key);
  net->named_parameters()["stem.weight"].mul_(2);
  EXPECT_NE(trunk_key(*net), key);
}

TEST(TrunkFeatures, KeptOnesGiveWhatTheWholeEncoderMakesOfThePixels) {
  const testing::TemporaryFolder folder;
  const data::LabelSource source({.classes = 3, .cached_views = 1},
                                 testing::tiny_pictures(folder, 4, 0),
                                 {.size = 16, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}});
  auto net = projecting(1);
  parallel::Parallel parallel;
  TrainHooks hooks;
  hooks.parallel = &parallel;
  const TrunkFeatures trunk({net.ptr(), vision::EncoderConfig(net->config())}, folder.path(),
                            hooks);
  const auto cache = trunk.keep("labels", source);
  ASSERT_TRUE(cache);
  std::vector<data::ViewRef> views;
  for (const int64_t picture : source.views().pictures) views.push_back({picture, 1});
  std::vector<std::string> damaged;
  const auto direct = net->forward(source.render(views, damaged));
  const auto kept = trunk.gather(*cache, views);
  // Kept in bf16, then normalised and projected: relative to the features' size.
  const double most = direct.abs().max().item<double>();
  EXPECT_LT((kept - direct).abs().max().item<double>(), 12 * most / 256);
  EXPECT_EQ(kept.sizes(), direct.sizes());
}

}  // namespace
}  // namespace flamingo::train
