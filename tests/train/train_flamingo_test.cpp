#include "flamingo/train/train_flamingo.h"

#include <gtest/gtest.h>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/generate/model_bundle.h"
#include "flamingo/io/gguf.h"
#include "tests/data/tiny_shards.h"
#include "tests/model/summed_terms.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
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
  const auto tokenizer = text::Tokenizer::from_gguf(io::Gguf::open(pretrained().file("lm.gguf")))
                             .with_special_token("<image>");
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
  const auto loaded = checkpoint::load_native(recipe.train.output + "/model", recipe.lm,
                                              lm::WeightOptions::of(torch::kBFloat16));
  const auto weights = checkpoint::state_dict_of(*loaded.model);
  int64_t encoder = 0;
  for (const auto& [name, value] :
       checkpoint::load_state_dict(recipe.encoder + "/model.safetensors")) {
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
  EXPECT_NEAR(first["gate_xattn.1"].get<double>(), std::tanh(0.15),
              testing::rounding<float>(testing::kFunction, 1));
}

TEST(TrainFlamingoRecipe, ShippedFileIsRead) {
  TrainFlamingoRecipe recipe;
  const std::string shipped = std::string(FLAMINGO_SOURCE_DIR) + "/recipes/pictogram/flamingo.json";
  EXPECT_NO_THROW(config_from_json(read_json_file(shipped), recipe, shipped));
  EXPECT_NO_THROW(recipe.validate());
  EXPECT_THROW(config_from_json(Json{{"gates", 1}}, recipe, "r"), Error);
}

/// A recipe with captioned pictures beside the episodes, and validation on some of them.
TrainFlamingoRecipe mixed(const TinyRun& run, const std::string& output) {
  auto recipe = run.flamingo(output);
  const std::string shard = run.file(output + "_pairs.tar");
  testing::write_pair_shard(shard, pictures::open_packed(recipe.sources[0].episodes->pictures), 0,
                            10);
  SourceConfig pairs{.name = "pairs", .weight = 0.2, .documents = data::DocumentSourceConfig{}};
  pairs.documents->files = {shard};
  pairs.documents->batch = 3;
  pairs.documents->window = {.max_tokens = 32, .max_media = 1, .p_next = 0, .leading_space = 0.5};
  recipe.sources.push_back(pairs);
  recipe.validation = {.sources = {pairs}, .batches = 2};
  recipe.blind_every = 4;
  recipe.train.validate_every = 3;
  return recipe;
}

std::vector<Json> metrics_of(const std::string& output) {
  std::istringstream lines(read_file(output + "/metrics.jsonl", 1 << 20));
  std::vector<Json> metrics;
  for (std::string line; std::getline(lines, line);) metrics.push_back(Json::parse(line));
  return metrics;
}

TEST(TrainFlamingo, AMixtureLogsEverySource) {
  const TinyRun& run = pretrained();
  const auto recipe = mixed(run, "mixed");
  ASSERT_TRUE(train_flamingo(recipe, {}).finished);
  const auto metrics = metrics_of(recipe.train.output);
  ASSERT_EQ(metrics.size(), 6u);
  for (const Json& line : metrics) {
    const double sum =
        line["loss.pictograms"].get<double>() + 0.2 * line["loss.pairs"].get<double>();
    EXPECT_NEAR(line["loss"].get<double>(), sum, testing::rounding<float>(8, sum));
    EXPECT_EQ(line.contains("blind_loss.pairs"), line["step"].get<int>() % 4 == 0);
    EXPECT_EQ(line.contains("valid_loss.pairs"), line["step"].get<int>() % 3 == 2);
  }
  EXPECT_EQ(metrics[0]["blind_loss.pairs"], metrics[0]["loss.pairs"]);  // gates are at 0
  EXPECT_NE(metrics[4]["blind_loss.pairs"], metrics[4]["loss.pairs"]);
  // The frozen language model forgets nothing.
  EXPECT_EQ(metrics[2]["valid_lm_loss.pairs"].is_number(), true);
  EXPECT_TRUE(std::filesystem::exists(recipe.train.output + "/frozen.json"));
  const Json written = read_json_file(recipe.train.output + "/recipe.json");
  TrainFlamingoRecipe again;
  EXPECT_NO_THROW(config_from_json(written, again, "recipe.json"));
  EXPECT_EQ(config_to_json(again), written);
}

TEST(TrainFlamingo, AMixtureResumesBitEqually) {
  const TinyRun& run = pretrained();
  ASSERT_TRUE(train_flamingo(mixed(run, "mixed_whole"), {}).finished);
  std::atomic<bool> stop{false};
  TrainHooks hooks{.stop = &stop};
  hooks.progress.interval = 0;
  hooks.progress.write = [&](std::string_view text) { stop = stop || text.starts_with("step 2/"); };
  EXPECT_FALSE(train_flamingo(mixed(run, "mixed_parts"), hooks).finished);
  EXPECT_TRUE(train_flamingo(mixed(run, "mixed_parts"), {}).finished);
  const auto without_names = [&](const std::string& output) {
    return metrics_without_times(run.file(output));
  };
  EXPECT_EQ(without_names("mixed_parts"), without_names("mixed_whole"));
}

/// The mixture with so many cached views of each captioned picture.
TrainFlamingoRecipe with_cached_views(const TinyRun& run, const std::string& output,
                                      int64_t views) {
  auto recipe = mixed(run, output);
  recipe.sources[1].documents->cached_views = views;
  recipe.validation.sources[0].documents->cached_views = views;
  return recipe;
}

TEST(TrainFlamingo, OneUnvariedCachedViewGivesTheLossesOfPixels) {
  const TinyRun& run = pretrained();
  const auto losses_of = [&](TrainFlamingoRecipe recipe, double colour) {
    recipe.sources[1].documents->variation = {.flip = 0, .colour = colour};
    EXPECT_TRUE(train_flamingo(recipe, {}).finished);
    return metrics_of(recipe.train.output);
  };
  const auto pixels = losses_of(with_cached_views(run, "pixels", 0), 0);
  const auto views = losses_of(with_cached_views(run, "views", 1), 0);
  const auto coloured = losses_of(with_cached_views(run, "coloured", 1), 1);
  const auto change = [&](const std::vector<Json>& other, const std::string& name) {
    double largest = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      if (pixels[i].contains(name))
        largest = std::max(
            largest, std::fabs(other[i].at(name).get<double>() - pixels[i][name].get<double>()));
    }
    return largest;
  };
  // Features in bf16 of batches of another size may be rounded to the other side here and there.
  for (const std::string name : {"loss.pairs", "valid_loss.pairs"})
    EXPECT_LT(change(views, name), 0.1 * change(coloured, name)) << name;
  for (const char* folder : {"views/features/pairs", "views/features/validation.pairs"})
    EXPECT_TRUE(std::filesystem::exists(run.file(folder + std::string("/features.bf16"))));
  EXPECT_FALSE(std::filesystem::exists(run.file("pixels/features/pairs")));
}

TEST(TrainFlamingo, CachedViewsResumeBitEquallyFromTheirBuildOn) {
  const TinyRun& run = pretrained();
  const auto recipe = [&](const std::string& output) {
    return with_cached_views(run, output, 20);  // 200 rows: more than are encoded at once
  };
  ASSERT_TRUE(train_flamingo(recipe("cached_whole"), {}).finished);
  for (const std::string point : {"features of pairs 128/", "step 2/"}) {
    std::atomic<bool> stop{false};
    TrainHooks hooks{.stop = &stop};
    hooks.progress.interval = 0;
    hooks.progress.write = [&](std::string_view text) { stop = stop || text.starts_with(point); };
    EXPECT_FALSE(train_flamingo(recipe("cached_parts"), hooks).finished);
    EXPECT_TRUE(stop) << point;
  }
  EXPECT_TRUE(train_flamingo(recipe("cached_parts"), {}).finished);
  EXPECT_EQ(metrics_without_times(run.file("cached_parts")),
            metrics_without_times(run.file("cached_whole")));
  const auto features = [&](const std::string& output) {
    return read_file(run.file(output + "/features/pairs/features.bf16"), 1 << 24);
  };
  EXPECT_EQ(features("cached_parts"), features("cached_whole"));
}

TEST(TrainFlamingo, CachedViewsOfATrainedEncoderAreAnError) {
  const TinyRun& run = pretrained();
  auto recipe = with_cached_views(run, "cached_trained", 2);
  recipe.trainable.vision = true;
  EXPECT_THROW(train_flamingo(recipe, {}), Error);
  recipe.sources[1].documents->cached_views = 0;
  EXPECT_THROW(train_flamingo(recipe, {}), Error);  // those of the validation
  recipe.validation.sources[0].documents->cached_views = 0;
  EXPECT_NO_THROW(train_flamingo(recipe, {}));
}

TEST(TrainFlamingo, MicroBatchesGiveTheSameStep) {
  const TinyRun& run = pretrained();
  auto whole = mixed(run, "micro_whole"), pieces = mixed(run, "micro_pieces");
  whole.frozen = pieces.frozen = surgery::FrozenFormat::kFp32;
  pieces.mixture.micro_batch = 1;
  train_flamingo(whole, {});
  train_flamingo(pieces, {});
  const auto a = metrics_of(whole.train.output), b = metrics_of(pieces.train.output);
  const auto config = checkpoint::read_model_config(whole.train.output + "/model");
  const int64_t terms = 6 * 2 * testing::summed_terms(config, 64, 64);  // six steps, and back
  for (size_t i = 0; i < a.size(); ++i) {
    for (const char* name : {"loss", "loss.pairs"}) {
      const double value = a[i][name].get<double>();
      EXPECT_NEAR(b[i][name].get<double>(), value, testing::rounding<float>(terms, value)) << i;
    }
  }
}

TEST(TrainFlamingo, CheckpointedBlocksChangeNothing) {
  const TinyRun& run = pretrained();
  auto plain = mixed(run, "kept"), again = mixed(run, "recomputed");
  again.checkpoint_blocks = true;
  train_flamingo(plain, {});
  train_flamingo(again, {});
  EXPECT_EQ(metrics_without_times(plain.train.output), metrics_without_times(again.train.output));
}

TEST(TrainFlamingo, APackedLanguageModelIsWrittenAsItWas) {
  const TinyRun& run = pretrained();
  for (const auto format : {surgery::FrozenFormat::kInt8, surgery::FrozenFormat::kInt4}) {
    auto recipe = mixed(run, "packed" + std::string(enum_name(format)));
    recipe.frozen = format;
    ASSERT_TRUE(train_flamingo(recipe, {}).finished);
    const auto weights =
        checkpoint::state_dict_of(*generate::open_model(recipe.train.output + "/model", {}).model);
    const auto lm =
        checkpoint::read_gguf_llama(io::Gguf::open(recipe.lm), torch::kBFloat16, recipe.lm).weights;
    EXPECT_TRUE(weights.at("lm.layers.0.mlp.down_proj.weight")
                    .equal(lm.at("layers.0.mlp.down_proj.weight")));
    EXPECT_FALSE(weights.at("xattn.0.alpha_xattn").equal(torch::zeros({1})));
  }
}

TEST(TrainFlamingo, LoraIsTrainedAndMergedIntoTheLanguageModel) {
  const TinyRun& run = pretrained();
  for (const auto format : {surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt8}) {
    auto recipe = mixed(run, "lora_" + std::string(enum_name(format)));
    recipe.frozen = format;
    recipe.lora = surgery::LoraConfig{.rank = 2, .layers = {"qkv_proj", "down_proj"}};
    ASSERT_TRUE(train_flamingo(recipe, {}).finished);
    const auto bundle = generate::open_model(recipe.train.output + "/model", {});
    EXPECT_EQ(bundle.lm_file, nullptr);
    const auto weights = checkpoint::state_dict_of(*bundle.model);
    const auto lm =
        checkpoint::read_gguf_llama(io::Gguf::open(recipe.lm), torch::kBFloat16, recipe.lm).weights;
    for (const auto& [name, weight] : lm) {
      const bool changed = name.ends_with("qkv_proj.weight") || name.ends_with("down_proj.weight");
      EXPECT_EQ(weights.at("lm." + name).equal(weight.to(torch::kBFloat16)), !changed) << name;
    }
    EXPECT_EQ(weights.count("lm.layers.0.self_attn.qkv_proj.lora.a"), 0u);
  }
}

TEST(TrainFlamingo, TrainedEncoderAndLanguageModelAreStoredAndRead) {
  const TinyRun& run = pretrained();
  auto recipe = mixed(run, "all_trained");
  recipe.trainable = {.vision = true, .lm = true};
  ASSERT_TRUE(train_flamingo(recipe, {}).finished);
  const auto bundle = generate::open_model(recipe.train.output + "/model", {});
  EXPECT_EQ(bundle.lm_file, nullptr);  // its weights are no longer those of the file
  EXPECT_EQ(bundle.tokenizer.token_to_id("<EOC>"), bundle.tokenizer.vocab_size() - 1);
  const auto weights = checkpoint::state_dict_of(*bundle.model);
  const auto encoder = checkpoint::load_state_dict(recipe.encoder + "/model.safetensors");
  EXPECT_FALSE(weights.at("vision_encoder.stem.conv1.weight")
                   .equal(encoder.at("stem.conv1.weight").to(torch::kBFloat16)));
  const auto lm =
      checkpoint::read_gguf_llama(io::Gguf::open(recipe.lm), torch::kBFloat16, recipe.lm).weights;
  EXPECT_FALSE(
      weights.at("lm.layers.0.mlp.down_proj.weight").equal(lm.at("layers.0.mlp.down_proj.weight")));
}

TEST(TrainFlamingo, GoesOnFromATrainedModelAtAnotherResolution) {
  const TinyRun& run = pretrained();
  const auto first = run.flamingo("base");
  ASSERT_TRUE(train_flamingo(first, {}).finished);
  auto recipe = mixed(run, "tuned");
  recipe.model = first.train.output + "/model";
  recipe.image_size = 32;
  recipe.trainable.vision = true;
  recipe.train.optimizer.lr = 1e-5;
  ASSERT_TRUE(train_flamingo(recipe, {}).finished);
  const auto bundle = generate::open_model(recipe.train.output + "/model", {});
  EXPECT_EQ(bundle.model->config().transform.size, 32);
  EXPECT_NE(bundle.lm_file, nullptr);
  const auto before = checkpoint::state_dict_of(*generate::open_model(recipe.model, {}).model);
  const auto after = checkpoint::state_dict_of(*bundle.model);
  const auto moved = (after.at("xattn.0.alpha_xattn") - before.at("xattn.0.alpha_xattn")).abs();
  // It went on, rather than anew: each of six steps moves it by lr, and bf16 rounds it at last.
  const double size = before.at("xattn.0.alpha_xattn").abs().max().item<double>();
  EXPECT_LT(moved.max().item<double>(),
            6 * recipe.train.optimizer.lr + testing::rounding<at::BFloat16>(1, size));
  EXPECT_FALSE(after.at("vision_encoder.stem.conv1.weight")
                   .equal(before.at("vision_encoder.stem.conv1.weight")) &&
               after.at("xattn.0.to_q.weight").equal(before.at("xattn.0.to_q.weight")));
}

TEST(TrainFlamingo, GoesOnFromAnIdeficsModel) {
  const TinyRun& run = pretrained();
  auto recipe = mixed(run, "idefics");
  recipe.model = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/model";
  recipe.sources.erase(recipe.sources.begin());  // its tokenizer has no one-word labels
  ASSERT_TRUE(train_flamingo(recipe, {}).finished);
  const auto before = generate::open_model(recipe.model, {});
  const auto after = generate::open_model(recipe.train.output + "/model", {});
  EXPECT_EQ(after.style, model::PromptStyle::kIdefics);
  const prompt::Prompt prompt{
      {prompt::TextItem{"a"}, prompt::ImageItem{"x.png"}, prompt::TextItem{"b"}}};
  EXPECT_EQ(generate::encode_text(after, prompt).ids, generate::encode_text(before, prompt).ids);
  const auto old_weights = checkpoint::state_dict_of(*before.model),
             weights = checkpoint::state_dict_of(*after.model);
  EXPECT_TRUE(weights.at("lm.norm.weight").equal(old_weights.at("lm.norm.weight")));
  EXPECT_FALSE(weights.at("xattn.0.to_q.weight").equal(old_weights.at("xattn.0.to_q.weight")));
}

TEST(TrainFlamingo, MissingFilesAreErrors) {
  auto recipe = pretrained().flamingo("missing");
  recipe.encoder = "/none";
  EXPECT_THROW(train_flamingo(recipe, {}), Error);
}

}  // namespace
}  // namespace flamingo::train
