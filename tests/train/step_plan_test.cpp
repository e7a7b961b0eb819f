#include "flamingo/train/step_plan.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/model/tiny_flamingo.h"
#include "tests/support/rounding.h"

namespace flamingo::train {
namespace {

StepProblem tiny_problem() {
  return {.config = testing::tiny_flamingo(),
          .batches = {{.sequences = 12, .tokens = 8, .visible = 96, .media = 2, .targets = 24}}};
}

/// A machine that does an operation a nanosecond and decodes a weight in two.
StepSpeed steady(const plan::StepShape&, const plan::StepStorage& storage) {
  const bool packed = surgery::block_type_of(storage.frozen).has_value();
  return {.seconds_per_flop = 1e-9, .seconds_per_decode = packed ? 2e-9 : 0};
}

/// Of a sum of some 50 parts.
double tolerance(double seconds) { return testing::rounding<double>(50, seconds); }

TEST(StepPlan, CoversEveryFormatAndWholeMicroBatches) {
  const auto plans = plan_steps(tiny_problem(), false, 0, 1 << 30, steady);
  ASSERT_EQ(plans.size(), 3u * 2 * 3);  // 12, 6, 3 sequences
  EXPECT_EQ(plans[0].settings.micro_batch, 12);
  EXPECT_EQ(plans[2].settings.micro_batch, 3);
  EXPECT_FALSE(plans[0].settings.storage.accumulates);
  EXPECT_TRUE(plans[2].settings.storage.accumulates);
  EXPECT_EQ(plan_steps(tiny_problem(), true, 0, 1 << 30, steady).size(), 2u * 3);
}

TEST(StepPlan, TimeIsThatOfTheOperationsAndOfDecoding) {
  const auto problem = tiny_problem();
  const auto plans = plan_steps(problem, false, 0, 1 << 30, steady);
  const double flops = plan::measure_step(problem.config, problem.batches[0], {}, {}).flops.total();
  EXPECT_NEAR(plans[0].seconds, flops * 1e-9, tolerance(flops * 1e-9));
  EXPECT_NEAR(plans[2].seconds, flops * 1e-9, tolerance(flops * 1e-9));  // in four parts
  // Of 3 blocks: q, k, v 64 x 32, o 32 x 32, gate and up 96 x 32 (down has 48 columns); the
  // encoder's squeeze-excite layers have 16 and 8. Decoded forward and backward.
  EXPECT_NEAR(plans[6].seconds - plans[0].seconds, 2 * 3 * (64 + 32 + 96) * 32 * 2e-9,
              tolerance(plans[6].seconds));
}

TEST(StepPlan, TheBestIsTheFastestThatFits) {
  const auto problem = tiny_problem();
  const auto all = plan_steps(problem, false, 0, 1 << 30, steady);
  const StepPlan* fastest = best_plan(all);
  ASSERT_NE(fastest, nullptr);
  EXPECT_EQ(fastest->settings.storage.frozen, surgery::FrozenFormat::kBf16);
  EXPECT_FALSE(fastest->settings.storage.checkpoint_blocks);
  int64_t least = all[0].peak;
  for (const StepPlan& plan : all) least = std::min(least, plan.peak);
  const int64_t program = 1000;
  const auto tight = plan_steps(problem, false, program, least + program, steady);
  ASSERT_NE(best_plan(tight), nullptr);
  EXPECT_EQ(best_plan(tight)->peak, least + program);
  EXPECT_EQ(best_plan(plan_steps(problem, false, program, least, steady)), nullptr);
}

TEST(StepPlan, BatchesOfSeveralSourcesAddUpInTimeAndNotInMemory) {
  auto problem = tiny_problem();
  const auto alone = plan_steps(problem, false, 0, 1 << 30, steady);
  problem.batches.push_back({.sequences = 2, .tokens = 8, .targets = 4});
  const auto both = plan_steps(problem, false, 0, 1 << 30, steady);
  const double flops = plan::measure_step(problem.config, problem.batches[1], {}, {}).flops.total();
  EXPECT_NEAR(both[0].seconds - alone[0].seconds, flops * 1e-9, tolerance(both[0].seconds));
  EXPECT_EQ(both[0].memory.activations, alone[0].memory.activations);
  EXPECT_EQ(both[0].memory.gradients, both[0].memory.masters);  // those of the other source
}

TEST(StepPlan, BatchesInTurnAreStepsOfTheirOwn) {
  auto problem = tiny_problem();
  const auto alone = plan_steps(problem, false, 0, 1 << 30, steady);
  problem.batches.push_back(problem.batches[0]);
  problem.in_turn = true;
  const auto in_turn = plan_steps(problem, false, 0, 1 << 30, steady);
  EXPECT_NEAR(in_turn[0].seconds, alone[0].seconds, tolerance(alone[0].seconds));
  EXPECT_EQ(in_turn[0].memory.peak(), alone[0].memory.peak());
  EXPECT_FALSE(in_turn[0].settings.storage.accumulates);
}

TEST(StepPlan, PlansForTheMicroBatchThatIsAskedFor) {
  auto problem = tiny_problem();
  problem.micro_batch = 5;
  const auto plans = plan_steps(problem, true, 0, 1 << 30, steady);
  ASSERT_EQ(plans.size(), 2u * 4);  // 12, 6, 5, 3 sequences
  EXPECT_EQ(plans[2].settings.micro_batch, 5);
  problem.micro_batch = 100;  // a whole batch
  EXPECT_EQ(plan_steps(problem, true, 0, 1 << 30, steady).size(), 2u * 3);
}

TEST(StepPlan, PixelsOfAllBatchesThatAreHeld) {
  auto problem = tiny_problem();
  EXPECT_EQ(pixel_bytes(problem), 0);  // features are kept
  problem.batches[0].encodes = true;
  problem.batches.push_back({.sequences = 2, .tokens = 8, .media = 1, .encodes = true});
  const int64_t picture = 4 * 3 * 16 * 16;
  EXPECT_EQ(pixel_bytes(problem), 4 * (12 * 2 + 2) * picture);
  problem.in_turn = true;
  EXPECT_EQ(pixel_bytes(problem), 4 * 12 * 2 * picture);
}

TEST(StepPlan, TheModelMustBeReadFirst) {
  const auto problem = tiny_problem();
  const int64_t reading = reading_bytes(problem, false);
  for (const StepPlan& plan : plan_steps(problem, false, 7, 1 << 30, steady)) {
    EXPECT_GE(plan.peak, 7 + reading);
    if (plan.memory.peak() > reading) {
      EXPECT_GT(plan.peak, 7 + plan.memory.peak());  // gaps
    }
    if (plan.settings.storage.frozen == surgery::FrozenFormat::kInt8) {  // read again to be written
      EXPECT_GE(plan.peak, 7 + reading + plan.memory.frozen + plan.memory.moments);
    }
  }
  EXPECT_GT(reading, plan::measure_step(problem.config, problem.batches[0], {}, {}).memory.frozen);
}

TEST(StepPlan, PartsOfABatchHaveTheirShareOfItsMedia) {
  const plan::StepShape part = with_sequences({.sequences = 4,
                                               .tokens = 8,
                                               .visible = 32,
                                               .media = 2,
                                               .targets = 8,
                                               .clips = 6,
                                               .pictures = 10},
                                              2);
  EXPECT_EQ(part.num_clips(), 3);
  EXPECT_EQ(part.num_pictures(), 5);
}

/// The time of a machine that does an operation a nanosecond and all else in none.
class OperationClock {
 public:
  Clock clock() const {
    return [counter = counter_] { return 1e-9 * counter->flops().total(); };
  }

 private:
  std::shared_ptr<plan::FlopCounter> counter_ = std::make_shared<plan::FlopCounter>();
};

TEST(StepPlan, SpeedsAreWhatTheClockShows) {
  const auto problem = tiny_problem();
  const OperationClock machine;
  const StepSpeed speed = speeds_of(problem, {}, machine.clock())(problem.batches[0], {});
  // Differences of sums of some 10^8 operations.
  EXPECT_NEAR(speed.seconds_per_flop, 1e-9, testing::rounding<double>(100, 1e-9));
  EXPECT_NEAR(speed.seconds, 0, testing::rounding<double>(100, 1));
  EXPECT_EQ(speed.seconds_per_decode, 0);
}

TEST(StepPlan, AnUpdateAndADecodeTakeWhatTheClockShows) {
  const auto problem = tiny_problem();
  // Every look at the clock is a second after the last one: all that is timed takes one.
  const auto ticks = std::make_shared<int>(0);
  const Clock clock = [ticks] { return ++*ticks; };
  const StepSpeed speed =
      speeds_of(problem, {}, clock)(problem.batches[0], {surgery::FrozenFormat::kInt8});
  EXPECT_EQ(speed.seconds_per_flop, 0);  // twice the layers take as long
  EXPECT_EQ(speed.seconds, 1);
  EXPECT_EQ(speed.seconds_per_update, 0);  // nor does an update add to a pass
  EXPECT_EQ(speed.seconds_per_decode, 1.0 / (2 * 48 * 32));
}

TEST(StepPlan, SpeedsAreMeasuredOnceForEachShape) {
  const auto problem = tiny_problem();
  const plan::StepShape part = with_sequences(problem.batches[0], 3);
  int measured = 0;
  const auto speed = speeds_of(problem, [&](const plan::StepShape&) { ++measured; });
  const StepSpeed first = speed(part, {surgery::FrozenFormat::kInt8});
  EXPECT_EQ(first.seconds_per_flop, speed(part, {surgery::FrozenFormat::kInt8}).seconds_per_flop);
  EXPECT_EQ(measured, 1);
  EXPECT_EQ(speed(part, {}).seconds_per_decode, 0);
}

}  // namespace
}  // namespace flamingo::train
