#include "flamingo/train/pretrain_vision.h"

#include <gtest/gtest.h>

#include "flamingo/checkpoint/encoder_files.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

using testing::metrics_without_times;
using testing::TinyRun;

std::vector<int64_t> list(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous().flatten();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

TEST(TokenizeCaptions, PadsAndCuts) {
  const TinyRun run;
  const auto language = read_caption_language(run.file("lm.gguf"), torch::kFloat32);
  const auto apple = language.tokenizer.encode(" apple");
  ASSERT_EQ(apple.size(), 1u);
  const auto tokens = tokenize_captions(language.tokenizer,
                                        {" apple", " apple bread", "", " apple bread candy"}, 2);
  const int64_t a = apple[0], b = language.tokenizer.encode(" bread")[0];
  EXPECT_EQ(list(tokens.ids), (std::vector<int64_t>{a, 0, a, b, 0, 0, a, b}));
  EXPECT_EQ(list(tokens.mask), (std::vector<int64_t>{1, 0, 1, 1, 1, 0, 1, 1}));
}

TEST(ReadCaptionLanguage, TableHasOneRowPerToken) {
  const TinyRun run;
  const auto language = read_caption_language(run.file("lm.gguf"), torch::kBFloat16);
  EXPECT_EQ(language.table.size(0), language.tokenizer.vocab_size());
  EXPECT_EQ(language.table.scalar_type(), torch::kBFloat16);
  EXPECT_THROW(read_caption_language(run.file("none.gguf"), torch::kBFloat16), Error);
}

TEST(PretrainVision, LossFallsOnARepeatedBatch) {
  const TinyRun run;
  auto recipe = run.vision();
  recipe.bf16 = false;
  PretrainVisionTask task(recipe, read_caption_language(recipe.lm, torch::kFloat32));
  AdamW optimizer({.lr = 3e-3, .clip_norm = 1}, task.module());
  double first = 0, last = 0;
  for (int64_t step = 0; step < 40; ++step) {
    EXPECT_EQ(task.begin(step), 1);
    const auto losses = task.losses(step, 0);
    losses.loss.backward();
    optimizer.clip_gradients();
    optimizer.step(1.0);
    optimizer.zero_grad();
    (step < 5 ? first : last) = (step < 5 ? first : 0.8 * last) + losses.loss.item<double>() / 5;
    EXPECT_EQ(losses.items, 12);
  }
  EXPECT_LT(last, 0.9 * first);
}

TEST(PretrainVision, WritesAnEncoderThatCanBeRead) {
  const TinyRun run;
  const auto recipe = run.vision();
  EXPECT_TRUE(pretrain_vision(recipe, {}).finished);
  const checkpoint::EncoderFiles files = checkpoint::read_encoder(recipe.train.output + "/encoder");
  EXPECT_EQ(config_to_json(*files.config.as<vision::NfnetConfig>()),
            config_to_json(recipe.encoder));
  vision::Nfnet encoder(*files.config.as<vision::NfnetConfig>(),
                        torch::TensorOptions(torch::kFloat32));
  checkpoint::load_into(*encoder, files.weights, {}, "encoder");
  EXPECT_EQ(encoder->forward(torch::zeros({1, 3, 16, 16})).sizes(),
            (std::vector<int64_t>{1, 16, 16}));
  EXPECT_TRUE(std::filesystem::exists(recipe.train.output + "/contrastive/config.json"));
}

TEST(PretrainVision, StoppedAndResumedItIsBitEqual) {
  const TinyRun run;
  ASSERT_TRUE(pretrain_vision(run.vision("whole"), {}).finished);
  std::atomic<bool> stop{false};
  TrainHooks hooks{.stop = &stop};
  int64_t lines = 0;
  hooks.progress.interval = 0;
  hooks.progress.write = [&](std::string_view) { stop = ++lines >= 4; };
  EXPECT_FALSE(pretrain_vision(run.vision("parts"), hooks).finished);
  EXPECT_TRUE(pretrain_vision(run.vision("parts"), {}).finished);
  EXPECT_EQ(metrics_without_times(run.file("parts")), metrics_without_times(run.file("whole")));
  EXPECT_EQ(read_file(run.file("parts/encoder/model.safetensors"), 1 << 24),
            read_file(run.file("whole/encoder/model.safetensors"), 1 << 24));
}

TEST(PretrainVisionRecipe, UnknownKeysAreErrors) {
  PretrainVisionRecipe recipe;
  EXPECT_THROW(config_from_json(parse_json(R"({"train": {"stepz": 3}})", "r"), recipe, "r"), Error);
  const std::string shipped = std::string(FLAMINGO_SOURCE_DIR) + "/recipes/pictogram/vision.json";
  EXPECT_NO_THROW(config_from_json(read_json_file(shipped), recipe, shipped));
  EXPECT_NO_THROW(recipe.train.validate());
  EXPECT_NO_THROW(recipe.encoder.validate());
}

}  // namespace
}  // namespace flamingo::train
