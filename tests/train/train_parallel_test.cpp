#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/error.h"
#include "tests/data/tiny_shards.h"
#include "tests/model/summed_terms.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

using namespace testing;

/// A folder with a pretrained_serially encoder.
struct SerialRun : TinyRun {
  SerialRun() {
    torch::set_num_threads(1);  // forked processes have no OpenMP workers
    pretrain_vision(vision(), {});
  }
};

const TinyRun& pretrained_serially() {
  static const SerialRun run;
  return run;
}

TrainFlamingoRecipe exact_recipe(const std::string& output) {
  TrainFlamingoRecipe recipe = pretrained_serially().flamingo(output);
  recipe.frozen = surgery::FrozenFormat::kFp32;
  recipe.blind_every = 2;
  recipe.train.optimizer.eps = 1e-4;  // rounding of gradients near 0 must not become whole steps
  recipe.parallel.check_every = 2;
  return recipe;
}

/// Trains in so many processes; each says whether it finished.
std::vector<std::string> train_in(int64_t size, const TrainFlamingoRecipe& recipe,
                                  const std::string& stop_at = "never") {
  return texts_of(size, [&](const parallel::ProcessGroup& world) {
    std::atomic<bool> stop{false};
    TrainHooks hooks{.stop = &stop};
    hooks.progress.interval = 0;
    hooks.progress.write = [&](std::string_view text) {
      if (world.rank() > 0) fail("progress", "expected the first process alone, got another");
      stop = stop || text.starts_with(stop_at);
    };
    return std::string(train_flamingo(recipe, hooks, world).finished ? "finished" : "stopped");
  });
}

std::vector<Json> parallel_metrics(const std::string& output) {
  return lines_without_times(pretrained_serially().file(output));
}

const std::vector<Json>& alone() {
  static const std::vector<Json> metrics = [] {
    train_in(1, exact_recipe("alone"));
    return parallel_metrics("alone");
  }();
  return metrics;
}

/// What rounding may change of sizes up to 1 in six steps forward and back.
double tolerance() {
  const auto config = checkpoint::read_model_config(pretrained_serially().file("alone/model"));
  return rounding<float>(6 * 2 * summed_terms(config, 64, 64), 1);
}

/// Every metric of every step, and the model (which is stored in bf16), are those of one process.
void expect_like_one_process(const std::string& output) {
  const auto metrics = parallel_metrics(output);
  ASSERT_EQ(metrics.size(), alone().size());
  for (size_t i = 0; i < metrics.size(); ++i) {
    for (const auto& [name, value] : alone()[i].items()) {
      EXPECT_NEAR(metrics[i].at(name).get<double>(), value.get<double>(),
                  tolerance() * std::max(1.0, std::fabs(value.get<double>())))
          << i << ' ' << name;
    }
  }
  const auto a =
      checkpoint::load_state_dict(pretrained_serially().file("alone/model/model.safetensors"));
  const auto b =
      checkpoint::load_state_dict(pretrained_serially().file(output + "/model/model.safetensors"));
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, value] : a)
    EXPECT_TRUE(at::allclose(value.to(torch::kFloat32), b.at(name).to(torch::kFloat32),
                             rounding<at::BFloat16>(1, 1), tolerance()))
        << name;
}

TEST(TrainParallel, SharedBatchesGiveTheCurveAndModelOfOneProcess) {
  for (const int64_t size : {2, 4}) {
    const std::string output = "shared_" + std::to_string(size);
    for (const auto& text : train_in(size, exact_recipe(output))) EXPECT_EQ(text, "finished");
    expect_like_one_process(output);
  }
}

TEST(TrainParallel, SharedFrozenWeightsDoToo) {
  auto recipe = exact_recipe("frozen");
  recipe.parallel.shard_frozen = true;
  train_in(2, recipe);
  expect_like_one_process("frozen");
}

TEST(TrainParallel, StopsTogetherAndGoesOnWithAnotherNumberOfProcesses) {
  const auto recipe = exact_recipe("resized");
  for (const auto& text : train_in(2, recipe, "step 2/")) EXPECT_EQ(text, "stopped");
  for (const auto& text : train_in(4, recipe, "step 4/")) EXPECT_EQ(text, "stopped");
  for (const auto& text : train_in(1, recipe)) EXPECT_EQ(text, "finished");
  expect_like_one_process("resized");
}

TEST(TrainParallel, CachedViewsAreMadeByTheFirstProcessForAll) {
  const auto recipe = [](const std::string& output) {
    auto recipe = exact_recipe(output);
    const std::string shard = pretrained_serially().file("pairs.tar");
    write_pair_shard(shard, pictures::open_packed(recipe.sources[0].episodes->pictures), 0, 10);
    SourceConfig pairs{.name = "pairs", .documents = data::DocumentSourceConfig{}};
    pairs.documents->files = {shard};
    pairs.documents->batch = 4;
    pairs.documents->window = {.max_tokens = 32, .max_media = 1, .p_next = 0};
    pairs.documents->cached_views = 2;
    recipe.sources = {pairs};
    return recipe;
  };
  train_in(1, recipe("cached_alone"));
  for (const auto& text : train_in(2, recipe("cached_shared"))) EXPECT_EQ(text, "finished");
  const auto a = parallel_metrics("cached_alone"), b = parallel_metrics("cached_shared");
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const double loss = a[i].at("loss.pairs").get<double>();
    EXPECT_NEAR(b[i].at("loss.pairs").get<double>(), loss, tolerance() * loss) << i;
  }
}

}  // namespace
}  // namespace flamingo::train
