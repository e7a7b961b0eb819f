#include "flamingo/train/synthetic_step.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::train {
namespace {

TEST(SyntheticStep, TrainsWhatIsTrainable) {
  const plan::StepShape shape{.sequences = 2, .tokens = 8, .visible = 16, .media = 2, .targets = 6};
  SyntheticStep step(testing::tiny_flamingo(), shape, {}, {surgery::FrozenFormat::kInt8, true});
  step.accumulate();
  for (const auto& item : step.model()->named_parameters()) {
    EXPECT_EQ(item.value().grad().defined(), item.value().requires_grad()) << item.key();
  }
  const auto before = step.model()->resampler->latents.detach().clone();
  step.update();
  EXPECT_FALSE(step.model()->resampler->latents.equal(before));
  EXPECT_GT(step.num_trained(), 0);
}

TEST(SyntheticStep, EncodesPicturesWhereTheStepDoes) {
  const plan::StepShape shape{.sequences = 1,
                              .tokens = 8,
                              .visible = 8,
                              .media = 2,
                              .frames = 2,
                              .targets = 6,
                              .encodes = true};
  SyntheticStep step(testing::tiny_flamingo(), shape, model::Trainable{.vision = true},
                     {surgery::FrozenFormat::kFp32});
  step.accumulate();
  for (const auto& parameter : step.model()->vision_encoder->parameters())
    EXPECT_TRUE(parameter.grad().defined());
}

TEST(SyntheticStep, RefusesMoreTargetsThanTokens) {
  EXPECT_THROW(
      SyntheticStep(testing::tiny_flamingo(), {.sequences = 1, .tokens = 4, .targets = 5}, {}, {}),
      Error);
}

}  // namespace
}  // namespace flamingo::train
