#include "flamingo/train/schedule.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "tests/support/rounding.h"

namespace flamingo::train {
namespace {

/// Of factors up to 1: a quotient of steps and a function of it.
const double kTolerance = testing::rounding<double>(testing::kFunction, 1);

TEST(Schedule, PaperWarmsUpAndStays) {
  const ScheduleConfig config{.warmup = 4};
  EXPECT_NEAR(schedule_factor(config, 0, 10), 0.25, kTolerance);
  EXPECT_NEAR(schedule_factor(config, 2, 10), 0.75, kTolerance);
  EXPECT_EQ(schedule_factor(config, 3, 10), 1.0);
  EXPECT_EQ(schedule_factor(config, 9, 10), 1.0);
}

TEST(Schedule, CosineAndLinearEndAtTheFraction) {
  for (const Decay decay : {Decay::kCosine, Decay::kLinear}) {
    const ScheduleConfig config{.warmup = 10, .decay = decay, .final_fraction = 0.05};
    EXPECT_NEAR(schedule_factor(config, 10, 111), 1.0, kTolerance);
    EXPECT_NEAR(schedule_factor(config, 60, 111), 0.525, kTolerance);
    EXPECT_NEAR(schedule_factor(config, 110, 111), 0.05, kTolerance);
    EXPECT_NEAR(schedule_factor(config, 500, 111), 0.05, kTolerance);
  }
  const ScheduleConfig cosine{.warmup = 0, .decay = Decay::kCosine};
  EXPECT_NEAR(schedule_factor(cosine, 25, 101), 0.5 + 0.25 * std::sqrt(2.0), kTolerance);
}

TEST(Schedule, ExponentialFallsByTheSameFactorEverywhere) {
  const ScheduleConfig config{.warmup = 0, .decay = Decay::kExponential, .final_fraction = 0.01};
  EXPECT_NEAR(schedule_factor(config, 0, 101), 1.0, kTolerance);
  EXPECT_NEAR(schedule_factor(config, 50, 101), 0.1, kTolerance);
  EXPECT_NEAR(schedule_factor(config, 100, 101), 0.01, kTolerance);
}

TEST(Schedule, NeverRisesAfterTheWarmUp) {
  const ScheduleConfig config{.warmup = 3, .decay = Decay::kCosine, .final_fraction = 0.1};
  for (int64_t step = 3; step + 1 < 50; ++step) {
    EXPECT_GE(schedule_factor(config, step, 50), schedule_factor(config, step + 1, 50));
  }
}

TEST(Schedule, RefusesFieldsOutOfRange) {
  EXPECT_THROW((ScheduleConfig{.warmup = -1}).validate(), Error);
  EXPECT_THROW((ScheduleConfig{.final_fraction = 1.5}).validate(), Error);
  EXPECT_THROW((ScheduleConfig{.decay = Decay::kExponential}).validate(), Error);
  EXPECT_NO_THROW(ScheduleConfig{}.validate());
}

}  // namespace
}  // namespace flamingo::train
