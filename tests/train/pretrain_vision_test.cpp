#include "flamingo/train/pretrain_vision.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/error.h"
#include "tests/data/tiny_shards.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

using testing::lines_without_times;
using testing::metrics_without_times;
using testing::TinyRun;

/// Pairs of the training pictures as a second source.
CaptionSourceConfig pairs_of(const TinyRun& run, const std::string& name) {
  testing::write_pair_shard(run.file("pairs.tar"),
                            pictures::open_packed(run.file("tiny.safetensors")), 0, 16);
  CaptionSourceConfig pairs{.name = name, .weight = 0.5};
  pairs.documents.emplace().files = {run.file("pairs.tar")};
  pairs.documents->batch = 8;
  return pairs;
}

TEST(PretrainVision, LossFalls) {
  const TinyRun run;
  auto recipe = run.vision();
  recipe.bf16 = false;
  recipe.train.steps = 40;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto metrics = lines_without_times(recipe.train.output);
  double first = 0, last = 0;
  for (size_t i = 0; i < 5; ++i) {
    first += metrics[i].at("loss").get<double>();
    last += metrics[metrics.size() - 1 - i].at("loss").get<double>();
  }
  EXPECT_LT(last, 0.9 * first);
  EXPECT_EQ(metrics[0].at("items"), 12);
  EXPECT_EQ(metrics[0].at("loss"), metrics[0].at("loss.labels"));
}

TEST(PretrainVision, WritesAnEncoderThatCanBeReadAndGoneOnFrom) {
  const TinyRun run;
  auto recipe = run.vision();
  EXPECT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto files = checkpoint::read_encoder(recipe.train.output + "/encoder");
  EXPECT_EQ(config_to_json(files.config), config_to_json(recipe.encoder));
  const auto encoder = files.config.make(torch::TensorOptions(torch::kFloat32));
  checkpoint::load_into(*encoder, files.weights, {}, "encoder");
  EXPECT_EQ(encoder->forward(torch::zeros({1, 3, 16, 16})).sizes(),
            (std::vector<int64_t>{1, 16, 16}));
  EXPECT_TRUE(std::filesystem::exists(recipe.train.output + "/contrastive/config.json"));
  auto more = run.vision("more");
  more.init = recipe.train.output + "/encoder";
  more.encoder = {};
  more.train.steps = 1;
  more.train.optimizer.lr = 1e-30;
  EXPECT_TRUE(pretrain_vision(more, {}).finished);
  const auto same = checkpoint::read_encoder(more.train.output + "/encoder");
  for (const auto& [name, weight] : files.weights)
    EXPECT_TRUE(same.weights.at(name).equal(weight)) << name;
}

TEST(PretrainVision, FrozenPartsStayAsTheyAre) {
  const TinyRun run;
  auto recipe = run.vision();
  recipe.train.steps = 2;
  EXPECT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto before = checkpoint::read_encoder(recipe.train.output + "/encoder").weights;
  auto more = run.vision("more");
  more.init = recipe.train.output + "/encoder";
  more.train.steps = 2;
  more.frozen = {"encoder.stem"};
  EXPECT_TRUE(pretrain_vision(more, {}).finished);
  int64_t same = 0, moved = 0;
  for (const auto& [name, weight] :
       checkpoint::read_encoder(more.train.output + "/encoder").weights) {
    const bool equal = weight.equal(before.at(name));
    EXPECT_TRUE(equal || !name.starts_with("stem")) << name;
    (equal ? same : moved) += 1;
  }
  EXPECT_GT(same, 0);
  EXPECT_GT(moved, 0);
  more.frozen = {"encoder.trunk"};
  EXPECT_THROW(pretrain_vision(more, {}), Error);
}

TEST(PretrainVision, SourcesComeTogetherAsTheMixtureSays) {
  const TinyRun run;
  auto recipe = run.vision("accumulate");
  recipe.sources.push_back(pairs_of(run, "pairs"));
  recipe.train.steps = 2;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  for (const Json& line : lines_without_times(recipe.train.output)) {
    EXPECT_NEAR(line.at("loss").get<double>(),
                line.at("loss.labels").get<double>() + 0.5 * line.at("loss.pairs").get<double>(),
                testing::rounding<float>(4, 10));
    EXPECT_EQ(line.at("items"), 12 + 8);
  }
  recipe.train.output = run.file("in_turn");
  recipe.mixture.mode = MixtureMode::kRoundRobin;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto in_turn = lines_without_times(recipe.train.output);
  EXPECT_TRUE(in_turn[0].contains("loss.labels") && !in_turn[0].contains("loss.pairs"));
  EXPECT_TRUE(in_turn[1].contains("loss.pairs") && !in_turn[1].contains("loss.labels"));
  recipe.train.output = run.file("merged");
  recipe.mixture.mode = MixtureMode::kMerged;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  EXPECT_TRUE(lines_without_times(recipe.train.output)[0].contains("image_to_text.merged"));
}

TEST(PretrainVision, PiecesOfABatchGiveTheCurveOfTheWhole) {
  const TinyRun run;
  auto recipe = run.vision("whole");
  recipe.bf16 = false;
  recipe.train.optimizer.eps = 1e-4;  // rounding of gradients near 0 must not become whole steps
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto whole = lines_without_times(recipe.train.output);
  recipe.train.output = run.file("pieces");
  recipe.mixture.micro_batch = 5;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto pieces = lines_without_times(recipe.train.output);
  for (size_t i = 0; i < whole.size(); ++i) {
    // Convolutions of up to 9 x 16 values, the towers' products and a loss of 6 rows, in each step.
    const auto terms = static_cast<int64_t>(i + 1) * (9 * (3 + 8 + 16) + 4 * 16 + 2 * 6);
    const double loss = whole[i].at("loss").get<double>();
    EXPECT_NEAR(pieces[i].at("loss").get<double>(), loss, testing::rounding<float>(terms, loss))
        << i;
    EXPECT_EQ(pieces[i].at("items"), whole[i].at("items"));
  }
}

TEST(PretrainVision, ValidatesByRetrievalInBothDirections) {
  const TinyRun run;
  auto recipe = run.vision();
  recipe.validation.sources = {pairs_of(run, "pairs")};
  recipe.validation.batches = 2;
  recipe.train.validate_every = 4;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto metrics = lines_without_times(recipe.train.output);
  EXPECT_FALSE(metrics[2].contains("valid_loss"));
  for (const char* name : {"valid_image_to_text.pairs", "valid_text_to_image.pairs"}) {
    const double recall = metrics[3].at(name).get<double>();
    EXPECT_GE(recall, 0);
    EXPECT_LE(recall, 1);
    EXPECT_EQ(std::fmod(recall * 16, 1), 0) << "a gallery of two batches of 8";
  }
  EXPECT_EQ(metrics[3].at("valid_loss"), metrics[3].at("valid_loss.pairs"));
}

/// A projection on the frozen trunk of published weights, from kept features.
PretrainVisionRecipe projecting(const TinyRun& run, const std::string& output) {
  auto recipe = run.vision(output);
  recipe.init = std::string(FLAMINGO_GOLDEN_DIR) + "/efficientnet-tiny/pypi/model";
  recipe.projection_dim = 8;
  recipe.sources[0].labels->cached_views = 1;
  recipe.frozen = {"encoder.stem", "encoder.stages", "encoder.final_conv"};
  recipe.features = run.file("shared");
  return recipe;
}

TEST(PretrainVision, TheProjectionLearnsFromKeptFeatures) {
  const TinyRun run;
  auto recipe = projecting(run, "kept");
  recipe.frozen.pop_back();
  EXPECT_THROW(pretrain_vision(recipe, {}), Error) << "a part of the trunk learns";
  recipe = projecting(run, "kept");
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  EXPECT_TRUE(std::filesystem::exists(run.file("shared/labels/features.bf16")));
  const checkpoint::EncoderFiles before = checkpoint::read_encoder(recipe.init);
  const checkpoint::EncoderFiles after = checkpoint::read_encoder(recipe.train.output + "/encoder");
  EXPECT_EQ(after.config.dim(), 8);
  for (const auto& [name, weight] : before.weights)
    EXPECT_TRUE(after.weights.at(name).equal(weight)) << name;
  const auto& learnt = after.weights.at("projection.weight");
  recipe = projecting(run, "anew");
  recipe.init = run.file("kept/encoder");
  recipe.train.steps = 1;
  recipe.train.optimizer.lr = 1e-30;
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto anew = checkpoint::read_encoder(run.file("anew/encoder"));
  EXPECT_FALSE(anew.weights.at("projection.weight").equal(learnt)) << "begins anew";
  recipe.projection_dim = 0;
  recipe.train.output = run.file("going_on");
  ASSERT_TRUE(pretrain_vision(recipe, {}).finished);
  const auto going_on = checkpoint::read_encoder(run.file("going_on/encoder"));
  EXPECT_TRUE(going_on.weights.at("projection.weight").equal(learnt)) << "as init has it";
}

TEST(PretrainVision, KeptFeaturesValidatedAndResumedAreBitEqual) {
  const TinyRun run;
  const auto recipe = [&](const std::string& output) {
    auto made = projecting(run, output);
    made.validation.sources = {made.sources[0]};
    made.validation.batches = 1;
    made.train.validate_every = 2;
    return made;
  };
  ASSERT_TRUE(pretrain_vision(recipe("whole"), {}).finished);
  std::atomic<bool> stop{false};
  TrainHooks hooks{.stop = &stop};
  hooks.progress.interval = 0;
  hooks.progress.write = [&](std::string_view text) {
    stop = stop || text.find("step 3/") != std::string_view::npos;
  };
  EXPECT_FALSE(pretrain_vision(recipe("parts"), hooks).finished);
  EXPECT_TRUE(stop);
  EXPECT_TRUE(pretrain_vision(recipe("parts"), {}).finished);
  EXPECT_EQ(metrics_without_times(run.file("parts")), metrics_without_times(run.file("whole")));
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

TEST(PretrainVisionRecipe, ShippedFileIsReadAndUnknownKeysAreErrors) {
  PretrainVisionRecipe recipe;
  EXPECT_THROW(config_from_json(parse_json(R"({"train": {"stepz": 3}})", "r"), recipe, "r"), Error);
  for (const char* name : {"mini", "pictogram"}) {
    const std::string shipped =
        std::string(FLAMINGO_SOURCE_DIR) + "/recipes/" + name + "/vision.json";
    recipe = {};
    EXPECT_NO_THROW(config_from_json(read_json_file(shipped), recipe, shipped));
    EXPECT_NO_THROW(recipe.validate());
  }
  EXPECT_EQ(config_to_json(recipe.encoder),
            config_to_json(vision::EncoderConfig(vision::nfnet_preset("nfnet-pictogram"))));
}

TEST(PretrainVisionRecipe, RefusesWhatCannotBeTrained) {
  const TinyRun run;
  const auto refuses = [&](const std::function<void(PretrainVisionRecipe&)>& change) {
    auto recipe = run.vision();
    change(recipe);
    EXPECT_THROW(recipe.validate(), Error);
  };
  refuses([](auto& recipe) { recipe.sources.clear(); });
  refuses([](auto& recipe) { recipe.lm.clear(); });
  refuses([](auto& recipe) { recipe.pooled_side = 3; });
  refuses([](auto& recipe) {
    recipe.init = "encoder";
    recipe.pooled_side = -1;
  });
  refuses([](auto& recipe) { recipe.projection_dim = 8; });
  refuses([&](auto& recipe) {
    recipe.sources.push_back(pairs_of(run, "pairs"));
    recipe.sources[0].labels->cached_views = 2;
    recipe.mixture.mode = MixtureMode::kMerged;
  });
  refuses([](auto& recipe) { recipe.encoder = {}; });
  refuses([](auto& recipe) { recipe.sources[0].labels->pictures.clear(); });
  refuses([](auto& recipe) { recipe.sources[0].documents.emplace().files = {"x"}; });
  refuses([](auto& recipe) { recipe.train.validate_every = 2; });
  refuses([](auto& recipe) { recipe.parallel.tensor = 2; });
  refuses([](auto& recipe) { recipe.parallel.shard_frozen = true; });
}

}  // namespace
}  // namespace flamingo::train
