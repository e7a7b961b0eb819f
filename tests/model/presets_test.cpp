#include "flamingo/model/presets.h"

#include <gtest/gtest.h>

#include "tests/model/tiny_flamingo.h"

namespace flamingo::model {
namespace {

TEST(Presets, AreValidAndNamed) {
  for (const auto& name : flamingo_preset_names())
    EXPECT_NO_THROW(flamingo_preset(name).validate()) << name;
  EXPECT_THROW(flamingo_preset("flamingo-4b"), Error);
}

TEST(Presets, GatedLayersArePlacedAsInThePaper) {
  const auto count = [](const char* name) {
    const auto config = flamingo_preset(name);
    return config.xattn.count(config.lm.num_layers);
  };
  EXPECT_EQ(count("flamingo-3b"), 24);
  EXPECT_EQ(count("flamingo-9b"), 8);
  EXPECT_EQ(count("flamingo-80b"), 12);
  EXPECT_EQ(count("flamingo-pictogram"), 5);
}

TEST(Presets, ChinchillaCountsFitTheFormula) {
  const auto config = chinchilla_lm(2048, 24);
  const lm::Decoder lm(config, lm::WeightOptions::of(torch::kBFloat16, torch::kMeta));
  int64_t count = 0;
  for (const auto& parameter : lm->parameters()) count += parameter.numel();
  const int64_t formula = 13 * 2048 * 2048 * 24 + 32000 * 2048;
  const int64_t norms_and_position_biases = (2 * 24 + 1) * 2048 + 2 * 2048 * 24;
  EXPECT_EQ(count, formula + norms_and_position_biases);
}

TEST(Presets, ASmallChinchillaRuns) {
  const torch::NoGradGuard no_grad;
  auto lm = testing::make_decoder(chinchilla_lm(256, 2));
  const auto logits = lm->forward(testing::some_ids(1, 5));
  EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{1, 5, 32000}));
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace flamingo::model
