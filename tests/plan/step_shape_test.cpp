#include "flamingo/plan/step_shape.h"

#include <gtest/gtest.h>

#include <limits>

#include "flamingo/core/error.h"

namespace flamingo::plan {
namespace {

TEST(StepShape, RefusesWhatNoStepHas) {
  const StepShape good{.sequences = 2, .tokens = 8, .visible = 16, .media = 2, .targets = 3};
  EXPECT_NO_THROW(good.validate());
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  for (const auto field :
       {&StepShape::sequences, &StepShape::tokens, &StepShape::visible, &StepShape::media,
        &StepShape::frames, &StepShape::targets, &StepShape::clips, &StepShape::pictures}) {
    for (const int64_t value : {int64_t{-1}, kHuge}) {
      StepShape shape = good;
      shape.*field = value;
      EXPECT_THROW(shape.validate(), Error) << value;
    }
  }
  for (const StepShape& shape : {StepShape{.sequences = 1 << 13, .tokens = 1 << 12},
                                 StepShape{.sequences = 1 << 10, .media = 1 << 8},
                                 StepShape{.sequences = 4, .tokens = 2, .targets = 9}}) {
    EXPECT_THROW(shape.validate(), Error);
  }
}

TEST(StepShape, LoraIsOfTheLayersItNames) {
  const StepTraining training({}, surgery::LoraConfig{.rank = 3, .layers = {"o_proj"}});
  EXPECT_EQ(training.lora_rank("o_proj"), 3);
  EXPECT_EQ(training.lora_rank("up_proj"), 0);
  EXPECT_EQ(StepTraining().lora_rank("o_proj"), 0);
}

}  // namespace
}  // namespace flamingo::plan
