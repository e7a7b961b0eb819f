#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/error.h"
#include "flamingo/train/pretrain_vision.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

using namespace testing;

/// What processes may differ by: gradients are summed in another order.
constexpr double kSharedTolerance = 1e-5;

class PretrainParallel : public ::testing::Test {
 protected:
  PretrainParallel() { torch::set_num_threads(1); }  // forked processes have no OpenMP workers

  PretrainVisionRecipe recipe(const std::string& output) const {
    auto recipe = run_.vision(output);
    recipe.bf16 = false;
    recipe.encoder.as<vision::NfnetConfig>()->stochastic_depth = 0.5;
    recipe.sources[0].labels->classes = 8;
    recipe.validation.sources = recipe.sources;
    recipe.validation.batches = 1;
    recipe.train.validate_every = 3;
    recipe.train.steps = 6;
    recipe.train.optimizer.eps = 1e-4;  // rounding of gradients near 0 must not become whole steps
    recipe.parallel.check_every = 2;
    return recipe;
  }
  void train_in(int64_t size, const PretrainVisionRecipe& recipe) const {
    const auto texts = texts_of(size, [&](const parallel::ProcessGroup& world) {
      return std::string(pretrain_vision(recipe, {}, world).finished ? "finished" : "stopped");
    });
    for (const auto& text : texts) EXPECT_EQ(text, "finished");
  }
  void expect_like_one_process(const std::string& output) const {
    const auto one = lines_without_times(run_.file("one")),
               shared = lines_without_times(run_.file(output));
    ASSERT_EQ(shared.size(), one.size());
    for (size_t i = 0; i < one.size(); ++i) {
      for (const auto& [name, value] : one[i].items()) {
        const double expected = value.get<double>();
        EXPECT_NEAR(shared[i].at(name).get<double>(), expected,
                    kSharedTolerance * std::max(1.0, std::fabs(expected)))
            << output << ' ' << i << ' ' << name;
      }
    }
    const auto a = checkpoint::read_encoder(run_.file("one/encoder"));
    const auto b = checkpoint::read_encoder(run_.file(output + "/encoder"));
    for (const auto& [name, value] : a.weights)
      EXPECT_TRUE(at::allclose(b.weights.at(name), value, kSharedTolerance, kSharedTolerance))
          << output << ' ' << name;
  }

  TinyRun run_;
};

TEST_F(PretrainParallel, TheLossIsThatOfTheBatchOfAllProcesses) {
  train_in(1, recipe("one"));
  for (const int64_t size : {2, 4}) {
    const std::string output = "shared_" + std::to_string(size);
    train_in(size, recipe(output));
    expect_like_one_process(output);
  }
}

TEST_F(PretrainParallel, PiecesOfSharedBatchesDoToo) {
  train_in(1, recipe("one"));
  auto pieces = recipe("pieces");
  pieces.mixture.micro_batch = 3;
  train_in(2, pieces);
  expect_like_one_process("pieces");
}

TEST_F(PretrainParallel, ABatchThatCannotBeSharedEvenlyIsAnError) {
  const auto results = run_ranks(3, [&](const parallel::ProcessGroup& world) {
    pretrain_vision(recipe("odd"), {}, world);
    return std::string();
  });
  for (const auto& result : results)
    EXPECT_NE(result.error.find("share evenly"), std::string::npos) << result.error;
}

}  // namespace
}  // namespace flamingo::train
