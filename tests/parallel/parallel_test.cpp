#include "flamingo/parallel/parallel.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "tests/model/summed_terms.h"
#include "tests/parallel/tiny_training.h"

namespace flamingo::parallel {
namespace {

using namespace testing;

constexpr int64_t kSteps = 6;

/// All processes of a run that must go well; they agree on the losses.
TinyResult run(int64_t size, const ParallelConfig& config, int64_t first = 0, int64_t last = kSteps,
               const std::vector<double>& start = {}) {
  const auto texts = texts_of(
      size, [&](const ProcessGroup& world) { return run_tiny(world, config, first, last, start); });
  const TinyResult result = result_of(texts[0], last - first);
  for (const auto& text : texts) EXPECT_EQ(result_of(text, last - first).losses, result.losses);
  return result;
}

const TinyResult& alone() {
  static const TinyResult result = run(1, {});
  return result;
}

/// A step's way forward and back.
const int64_t kTerms = 2 * summed_terms(shareable_flamingo(), TinyBatch::kTokens, 16);

/// Of losses after kSteps steps.
double loss_tolerance() { return rounding<float>(kSteps * kTerms, alone().losses.front()); }

/// Of parameters: Adam moves them by lr in each step (tiny_training.h), of which the rounding of a
/// gradient, clipped to 0.5, is a part once it is divided by a size that counts as 1e-3 at least.
double state_tolerance() { return kSteps * 0.02 * rounding<float>(kTerms, 0.5) / 1e-3; }

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

void expect_like_one_process(int64_t size, const ParallelConfig& config) {
  const TinyResult result = run(size, config);
  EXPECT_EQ(result.losses.size(), static_cast<size_t>(kSteps));
  EXPECT_LT(distance(result.losses, alone().losses), loss_tolerance()) << size;
  EXPECT_LT(distance(result.state, alone().state), state_tolerance()) << size;
}

TEST(Parallel, OneProcessLearns) { EXPECT_LT(alone().losses.back(), alone().losses.front()); }

TEST(Parallel, SharedBatches) {
  for (const int64_t size : {2, 4})
    expect_like_one_process(size, {.shard_moments = false, .bucket_mib = 0.01, .check_every = 1});
}

TEST(Parallel, SharedMoments) {
  for (const int64_t size : {2, 4}) expect_like_one_process(size, {.check_every = 2});
}

TEST(Parallel, SharedFrozenWeightsGiveTheSameBits) {
  for (const int64_t size : {2, 4}) {
    const TinyResult whole = run(size, {});
    const TinyResult sharded = run(size, {.shard_frozen = true, .check_every = 2});
    EXPECT_EQ(sharded.losses, whole.losses);
    EXPECT_EQ(sharded.state, whole.state);
  }
}

TEST(Parallel, SharedLayers) {
  for (const int64_t size : {2, 4})
    expect_like_one_process(size, {.tensor = size, .check_every = 1});
}

TEST(Parallel, SharedLayersBatchesMomentsAndFrozenWeights) {
  expect_like_one_process(4, {.tensor = 2, .shard_frozen = true, .check_every = 1});
}

TEST(Parallel, ARunGoesOnWithAnotherNumberOfProcesses) {
  const TinyResult begin = run(2, {}, 0, 3);
  for (const auto& [size, tensor] : {std::pair{1, 1}, {4, 1}, {4, 2}}) {
    const TinyResult end = run(size, {.tensor = tensor}, 3, kSteps, begin.state);
    const std::vector<double> expected(alone().losses.begin() + 3, alone().losses.end());
    EXPECT_LT(distance(end.losses, expected), loss_tolerance());
    EXPECT_LT(distance(end.state, alone().state), state_tolerance());
  }
}

/// Flips the lowest bit of a weight in rank 1 after step 2; the run must end there, naming it.
void expect_found(int64_t size, const ParallelConfig& config, const std::string& parameter) {
  const auto results = run_ranks(size, [&](const ProcessGroup& world) {
    TinyTraining training(world, config);
    for (int64_t step = 0; step < kSteps; ++step) {
      if (step == 2 && world.rank() == 1) {
        auto* bits =
            static_cast<uint32_t*>(training.model()->named_parameters()[parameter].data_ptr());
        bits[3] ^= 1;
      }
      training.step(step);
    }
    return std::string("not found");
  });
  for (const auto& result : results) {
    EXPECT_NE(result.error.find("step 2"), std::string::npos) << result.error << result.text;
    EXPECT_NE(result.error.find("got others in rank 1"), std::string::npos) << result.error;
  }
}

TEST(Parallel, FindsAFlippedBit) {
  expect_found(2, {.check_every = 1}, "lm.layers.0.mlp.up_proj.weight");
  // Where moments are shared, the owner's next update would overwrite it.
  expect_found(3, {.shard_moments = false, .check_every = 1}, "xattn.0.to_q.weight");
}

TEST(Parallel, RefusesOtherWeightsAtTheStart) {
  const auto results = run_ranks(2, [](const ProcessGroup& world) {
    auto model = make_flamingo(shareable_flamingo());
    model::freeze(model, {});
    const torch::NoGradGuard no_grad;
    if (world.rank() == 1) model->xattn->parameters()[0].add_(1);
    Parallel({}, world).prepare(*model);
    return std::string();
  });
  for (const auto& result : results) EXPECT_NE(result.error.find("[start]"), std::string::npos);
}

TEST(ParallelConfig, RefusesFieldsOutOfRange) {
  EXPECT_THROW(Parallel({.tensor = 0}, {}), Error);
  EXPECT_THROW(Parallel({.tensor = 2}, {}), Error);
  EXPECT_THROW(Parallel({.bucket_mib = 0}, {}), Error);
  EXPECT_THROW(Parallel({.check_every = 0}, {}), Error);
}

}  // namespace
}  // namespace flamingo::parallel
