#include "flamingo/train/train_flamingo.h"

#include <gtest/gtest.h>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/io/gguf.h"
#include "tests/train/tiny_run.h"

namespace flamingo {
namespace {

using testing::metrics_without_times;
using testing::TinyRun;

/// A folder with a pretrained encoder.
struct PretrainedRun : TinyRun {
  PretrainedRun() { pretrain_vision(vision(), {}); }
};

const TinyRun& pretrained() {
  static const PretrainedRun run;
  return run;
}

TEST(SequenceTokens, MarksAndPlainText) {
  const auto tokenizer =
      Tokenizer::from_gguf(Gguf::open(pretrained().file("lm.gguf"))).with_special_token("<image>");
  const auto tokens = sequence_tokens(tokenizer, {.additional = {"<image>"}, .end_of_chunk = "\n"});
  EXPECT_EQ(tokens.bos, (std::vector<int32_t>{0}));
  EXPECT_EQ(tokens.image, (std::vector<int32_t>{static_cast<int32_t>(tokenizer.vocab_size()) - 1}));
  EXPECT_EQ(tokenizer.decode(tokens.eoc), "\n");
  EXPECT_EQ(tokens.encode(" apple").size(), 1u);
  EXPECT_GT(tokens.encode("<image>").size(), 1u);  // text is never a mark
}

TEST(TrainFlamingo, StoppedAndResumedItIsBitEqual) {
  const TinyRun& run = pretrained();
  ASSERT_TRUE(train_flamingo(run.flamingo("whole"), {}).finished);
  std::atomic<bool> stop{false};
  TrainHooks hooks{.stop = &stop};
  hooks.progress.interval = 0;
  hooks.progress.write = [&](std::string_view text) { stop = stop || text.starts_with("step 4/"); };
  EXPECT_FALSE(train_flamingo(run.flamingo("parts"), hooks).finished);
  EXPECT_TRUE(train_flamingo(run.flamingo("parts"), {}).finished);
  EXPECT_EQ(metrics_without_times(run.file("parts")), metrics_without_times(run.file("whole")));
  EXPECT_EQ(read_file(run.file("parts/model/model.safetensors"), 1 << 24),
            read_file(run.file("whole/model/model.safetensors"), 1 << 24));
}

TEST(TrainFlamingo, WritesAModelWithFrozenPartsUnchanged) {
  const TinyRun& run = pretrained();
  const auto recipe = run.flamingo("model_run");
  ASSERT_TRUE(train_flamingo(recipe, {}).finished);
  const auto loaded =
      load_native(recipe.train.output + "/model", recipe.lm, WeightOptions::of(torch::kBFloat16));
  const auto weights = state_dict_of(*loaded.model);
  int64_t encoder = 0;
  for (const auto& [name, value] : load_state_dict(recipe.encoder + "/model.safetensors")) {
    EXPECT_TRUE(weights.at("vision_encoder." + name).equal(value.to(torch::kBFloat16))) << name;
    ++encoder;
  }
  EXPECT_GT(encoder, 10);
  EXPECT_FALSE(weights.at("xattn.0.alpha_xattn").equal(torch::zeros({1})));  // it has learnt
}

TEST(TrainFlamingo, GatesStartWhereTheRecipeSays) {
  const TinyRun& run = pretrained();
  auto recipe = run.flamingo("gates");
  recipe.xattn.gate_init = 0.15;
  recipe.train.steps = 1;
  recipe.train.optimizer.lr = 1e-9;
  train_flamingo(recipe, {});
  const Json first = Json::parse(metrics_without_times(recipe.train.output));
  EXPECT_NEAR(first["gate_xattn.1"].get<double>(), std::tanh(0.15), 1e-6);
}

TEST(TrainFlamingoRecipe, ShippedFileIsRead) {
  TrainFlamingoRecipe recipe;
  const std::string shipped = std::string(FLAMINGO_SOURCE_DIR) + "/recipes/pictogram/flamingo.json";
  EXPECT_NO_THROW(config_from_json(read_json_file(shipped), recipe, shipped));
  EXPECT_NO_THROW(recipe.train.validate());
  EXPECT_NO_THROW(recipe.data.validate());
  EXPECT_THROW(config_from_json(Json{{"gates", 1}}, recipe, "r"), Error);
}

TEST(TrainFlamingo, MissingFilesAreErrors) {
  auto recipe = pretrained().flamingo("missing");
  recipe.encoder = "/none";
  EXPECT_THROW(train_flamingo(recipe, {}), Error);
}

}  // namespace
}  // namespace flamingo
