#include "flamingo/plan/synthetic_step.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::plan {
namespace {

TEST(SyntheticStep, TrainsWhatIsTrainable) {
  const StepShape shape{.sequences = 2, .tokens = 8, .visible = 16, .media = 2, .targets = 6};
  for (const torch::Device device : {torch::kCPU, torch::kMeta}) {
    SyntheticStep step(testing::tiny_flamingo(), {{}, surgery::LoraConfig{.rank = 2}},
                       {surgery::FrozenFormat::kInt8, true}, device);
    step.accumulate(step.batch(shape));
    for (const auto& item : step.model()->named_parameters()) {
      EXPECT_EQ(item.value().grad().defined(), item.value().requires_grad()) << item.key();
    }
  }
}

TEST(SyntheticStep, EncodesPicturesWhereTheStepDoes) {
  const StepShape shape{.sequences = 1,
                        .tokens = 8,
                        .visible = 8,
                        .media = 2,
                        .frames = 2,
                        .targets = 6,
                        .encodes = true};
  SyntheticStep step(testing::tiny_flamingo(), model::Trainable{.vision = true},
                     {surgery::FrozenFormat::kFp32});
  step.accumulate(step.batch(shape));
  for (const auto& parameter : step.model()->vision_encoder->parameters())
    EXPECT_TRUE(parameter.grad().defined());
}

TEST(SyntheticStep, StoredFeaturesHaveTheShapeThatTheEncoderGives) {
  const auto config = testing::tiny_flamingo();
  const auto features = testing::make_flamingo(config)->encode_features(testing::some_pixels(1, 1));
  const FeatureShape shape = feature_shape(config);
  EXPECT_EQ(features.sizes(), (std::vector<int64_t>{1, 1, 1, shape.patches, shape.dim}));
}

TEST(SyntheticStep, RefusesMoreTargetsThanTokens) {
  const SyntheticStep step(testing::tiny_flamingo(), {}, {});
  EXPECT_THROW(step.batch({.sequences = 1, .tokens = 4, .targets = 5}), Error);
}

}  // namespace
}  // namespace flamingo::plan
