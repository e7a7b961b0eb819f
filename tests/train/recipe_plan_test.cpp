#include "flamingo/train/recipe_plan.h"

#include <gtest/gtest.h>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

/// Files of a run whose encoder has random weights.
struct Files : testing::TinyRun {
  Files() {
    const auto encoder = vision().encoder.make(torch::TensorOptions());
    nn::init_weights(*encoder, 1);
    checkpoint::write_encoder(file("vision/encoder"), vision().encoder,
                              checkpoint::state_dict_of(*encoder));
  }
  /// Two sources of documents whose files are not there.
  TrainFlamingoRecipe documents() const {
    TrainFlamingoRecipe recipe = flamingo();
    data::DocumentSourceConfig pages{.files = {file("pages")}, .batch = 2}, pairs = pages;
    pairs.window = {.max_tokens = 32, .max_media = 1};
    pairs.batch = 6;
    recipe.sources = {{.name = "pages", .documents = pages}, {.name = "pairs", .documents = pairs}};
    return recipe;
  }
};

const Files& files() {
  static const Files files;
  return files;
}

TEST(RecipePlan, BatchesAreThoseOfTheData) {
  const RecipePlan plan = plan_recipe(files().flamingo());
  EXPECT_TRUE(plan.seen);
  ASSERT_EQ(plan.problem.batches.size(), 1u);
  const plan::StepShape& batch = plan.problem.batches[0];
  EXPECT_EQ(batch.sequences, 4);
  EXPECT_GT(batch.targets, 4);
  EXPECT_LT(batch.targets, batch.sequences * batch.tokens);
  EXPECT_LE(batch.num_clips(), batch.sequences * batch.media);
  EXPECT_FALSE(batch.encodes);
  EXPECT_GT(plan.file_bytes, 0);
  auto recipe = files().flamingo();
  recipe.trainable.vision = true;
  const RecipePlan learns = plan_recipe(recipe);
  EXPECT_TRUE(learns.problem.batches[0].encodes);
  EXPECT_LT(learns.file_bytes, plan.file_bytes);  // no features are kept
}

TEST(RecipePlan, WithoutDataBatchesAreFull) {
  const RecipePlan plan = plan_recipe(files().documents());
  EXPECT_FALSE(plan.seen);
  ASSERT_EQ(plan.problem.batches.size(), 2u);
  EXPECT_EQ(plan.problem.batches[0].tokens, 256);
  EXPECT_EQ(plan.problem.batches[1].sequences, 6);
  EXPECT_EQ(plan.problem.batches[1].num_pictures(), 6);
  EXPECT_TRUE(plan.problem.batches[1].encodes);
}

TEST(RecipePlan, TheMixtureSaysHowBatchesComeTogether) {
  auto recipe = files().documents();
  recipe.mixture = {.mode = MixtureMode::kMerged, .micro_batch = 3};
  const RecipePlan merged = plan_recipe(recipe);
  ASSERT_EQ(merged.problem.batches.size(), 1u);
  const plan::StepShape& batch = merged.problem.batches[0];
  EXPECT_EQ(batch.sequences, 8);
  EXPECT_EQ(batch.tokens, 256);
  EXPECT_EQ(batch.num_pictures(), 2 * 5 + 6);
  EXPECT_EQ(batch.targets, 2 * 256 + 6 * 32);
  EXPECT_EQ(merged.problem.micro_batch, 3);
  EXPECT_FALSE(merged.problem.in_turn);
  recipe.mixture.mode = MixtureMode::kRoundRobin;
  const RecipePlan in_turn = plan_recipe(recipe);
  EXPECT_EQ(in_turn.problem.batches.size(), 2u);
  EXPECT_TRUE(in_turn.problem.in_turn);
}

TEST(RecipePlan, TheModelIsTheRecipes) {
  auto recipe = files().documents();
  recipe.image_size = 32;
  recipe.lora = surgery::LoraConfig{.rank = 2};
  recipe.frozen = surgery::FrozenFormat::kInt8;
  recipe.checkpoint_blocks = true;
  recipe.xattn.form = lm::XattnForm::kVanilla;
  const RecipePlan plan = plan_recipe(recipe);
  EXPECT_EQ(plan.problem.config.vision.image_size(), 32);
  EXPECT_EQ(plan.problem.config.transform.size, 32);
  EXPECT_EQ(plan.problem.config.xattn.form, lm::XattnForm::kVanilla);
  EXPECT_EQ(plan.problem.training.lora_rank("o_proj"), 2);
  EXPECT_EQ(plan.problem.training.lora_rank("up_proj"), 0);
  EXPECT_EQ(plan.storage.frozen, surgery::FrozenFormat::kInt8);
  EXPECT_TRUE(plan.storage.checkpoint_blocks);
}

TEST(RecipePlan, RefusesABatchOfNothing) { EXPECT_THROW(full_batch(0, 1, 1, 1), Error); }

}  // namespace
}  // namespace flamingo::train
