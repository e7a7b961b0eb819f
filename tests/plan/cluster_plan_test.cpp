#include "flamingo/plan/cluster_plan.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/model/presets.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::plan {
namespace {

const StepShape kShape{.sequences = 2, .tokens = 16, .visible = 32, .media = 2, .targets = 8};

ClusterPlan plan_of(const Cluster& cluster, int64_t parts = 1) {
  return plan_cluster(testing::tiny_flamingo(), kShape, parts, {}, {}, cluster);
}

TEST(ClusterPlan, OneDeviceDoesTheWholeStep) {
  const auto config = testing::tiny_flamingo();
  const auto plan = plan_of({.device_tflops = 1e-6});
  EXPECT_EQ(plan.memory.peak(), measure_step(config, kShape, {}, {}).memory.peak());
  EXPECT_DOUBLE_EQ(plan.seconds(), measure_step(config, kShape, {}, {}).flops.total() / 1e6);
  EXPECT_DOUBLE_EQ(plan_of({.device_tflops = 1e-6}, 3).seconds(), 3 * plan.seconds());
}

TEST(ClusterPlan, SumsTravelInRings) {
  const Cluster pair{.tensor_parallel = 2, .device_tflops = 1, .link_gbps = 1};
  // 3 blocks and 2 gated layers, 2 sums of [2, 16, 32] bf16 each way; half of it sent twice.
  EXPECT_DOUBLE_EQ(plan_of(pair).tensor_sums, 5 * 4 * (2 * 16 * 32 * 2) * 8 / 1e9);
  EXPECT_EQ(plan_of(pair).gradient_sums, 0);
  const Cluster replicas{.data_parallel = 4, .device_tflops = 1, .link_gbps = 1};
  const auto plan = plan_of(replicas);
  EXPECT_EQ(plan.tensor_sums, 0);
  EXPECT_DOUBLE_EQ(plan.gradient_sums, 1.5 * static_cast<double>(plan.memory.masters) * 8 / 1e9);
}

TEST(ClusterPlan, GroupsDivideMatricesAndReplicasDivideMoments) {
  const auto alone = plan_of({.device_tflops = 1});
  const auto pair = plan_of({.tensor_parallel = 2, .device_tflops = 1, .link_gbps = 1});
  EXPECT_LT(pair.memory.frozen, alone.memory.frozen);
  EXPECT_LT(pair.compute, alone.compute);
  EXPECT_GT(pair.compute, alone.compute / 2);  // the resampler is not divided
  EXPECT_EQ(pair.flops.total(), alone.flops.total());
  const auto replicas = plan_of({.data_parallel = 4, .device_tflops = 1, .link_gbps = 1});
  EXPECT_EQ(replicas.memory.moments, alone.memory.moments / 4);
  EXPECT_EQ(replicas.memory.masters, alone.memory.masters);
  EXPECT_EQ(replicas.flops.total(), 4 * alone.flops.total());
}

TEST(ClusterPlan, RefusesWhatCannotBeDivided) {
  EXPECT_THROW(plan_of({.tensor_parallel = 3, .device_tflops = 1, .link_gbps = 1}), Error);
  EXPECT_THROW(plan_of({.data_parallel = 2, .device_tflops = 1}), Error);
  EXPECT_THROW(plan_of({}), Error);
}

/// 1,536 devices of 32 GB held the paper's largest model.
TEST(ClusterPlan, ThePapersLargestModelFitsThePapersDevices) {
  const StepShape shape{
      .sequences = 1, .tokens = 256, .visible = 256, .media = 5, .targets = 256, .encodes = true};
  const auto plan = plan_cluster(
      model::flamingo_preset("flamingo-80b"), shape, 1, {}, {.checkpoint_blocks = true},
      {.tensor_parallel = 16, .data_parallel = 96, .device_tflops = 137, .link_gbps = 800});
  EXPECT_LT(plan.memory.peak(), 32e9);
  EXPECT_GT(plan.memory.peak(), 10e9);
}

}  // namespace
}  // namespace flamingo::plan
