#include "flamingo/checkpoint/adapters/idefics.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flamingo/core/file.h"
#include "tests/checkpoint/config_damage.h"
#include "tests/core/temporary_folder.h"
#include "tests/lm/tiny_models.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::checkpoint {
namespace {

namespace fs = std::filesystem;

const std::string kIdeficsFolder = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/";

torch::Tensor phi_of(const torch::Tensor& image_mask) {
  return image_mask.argmax(-1).add(1).masked_fill(image_mask.sum(-1) == 0, 0);
}

class Idefics : public ::testing::TestWithParam<const char*> {};

TEST_P(Idefics, LogitsMatchThePeers) {
  const torch::NoGradGuard no_grad;
  const std::string variant = kIdeficsFolder + GetParam();
  auto loaded = load_idefics(variant + "/model", lm::WeightOptions::of(torch::kFloat32));
  EXPECT_EQ(loaded.report.missing, 0);
  for (const auto& entry : fs::directory_iterator(variant + "/cases")) {
    const auto inputs = load_state_dict((entry.path() / "inputs.safetensors").string());
    const auto expected = load_state_dict((entry.path() / "expected.safetensors").string());
    const auto mask = inputs.at("attention_mask");
    const auto logits = loaded.model->forward(
        {.ids = inputs.at("input_ids"),
         .phi = phi_of(inputs.at("image_attention_mask")),
         .media = loaded.model->encode_media(inputs.at("pixel_values").unsqueeze(2)),
         .attention_mask = mask});
    const auto keep = mask.unsqueeze(-1);
    const model::FlamingoConfig& config = loaded.model->config();
    const vision::ClipVitConfig& clip = *config.vision.as<vision::ClipVitConfig>();
    const int64_t terms = testing::summed_terms(clip) +
                          testing::summed_terms(config, mask.size(1), 2 * clip.num_patches());
    EXPECT_TRUE(testing::agree(logits * keep, expected.at("logits") * keep, {.terms = terms}))
        << entry.path();
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Idefics,
                         ::testing::Values("resampler-qknorm", "resampler-plain", "no-resampler",
                                           "end-to-end", "../idefics-v5/linear-tied"));

TEST(IdeficsAdapter, GivesTheWeightThatATiedPairLacks) {
  const std::string model = kIdeficsFolder + "../idefics-v5/linear-tied/model";
  const auto config = read_idefics_config(model);
  EXPECT_EQ(config.lm.rotary_base, 20000.0);
  EXPECT_EQ(config.lm.rotary_scaling.divisors, std::vector<double>(4, 4.0));
  auto weights = load_state_dict(model);
  const char* table = "model.embed_tokens.weight";
  const char* added = "model.embed_tokens.additional_embedding.weight";
  const auto expect_tied = [&] {
    const auto ours = flamingo_from_idefics(weights, config);
    EXPECT_TRUE(ours.at("lm.lm_head.additional_fc.weight")
                    .equal(ours.at("lm.embed_tokens.additional_embedding.weight")));
    EXPECT_FALSE(ours.contains("lm.lm_head.weight"));
    EXPECT_TRUE(ours.contains("lm.embed_tokens.weight"));
  };
  expect_tied();
  weights["lm_head.weight"] = weights.at(table);
  weights["lm_head.additional_fc.weight"] = weights.at(added);
  expect_tied();
  weights.erase(table);
  weights.erase(added);
  expect_tied();
  weights[table] = weights.at("lm_head.weight") + 1;
  try {
    flamingo_from_idefics(weights, config);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("tie_word_embeddings"), std::string::npos);
  }
}

TEST(IdeficsAdapter, ReadsTheConfig) {
  const auto loaded =
      load_idefics(kIdeficsFolder + "end-to-end/model", lm::WeightOptions::of(torch::kBFloat16));
  const auto& config = loaded.model->config();
  EXPECT_TRUE(config.xattn.qk_norm && config.xattn.gated_ffw && !config.xattn.norm_media);
  EXPECT_EQ(config.transform.mode, media::TransformMode::kIdefics);
  EXPECT_EQ(config.transform.size, 28);
  EXPECT_EQ(config.tokens.image, "<image>");
}

TEST(IdeficsAdapter, RefusesAGapAndAStranger) {
  const std::string model = kIdeficsFolder + "resampler-plain/model";
  const Json json = read_json_file(model + "/config.json");
  const auto config = flamingo_config_from_idefics(json, "test");
  auto weights = load_state_dict(model);
  const auto missing_value = [&] {
    auto changed = weights;
    changed.erase("model.gated_cross_attn_layers.0.cross_attn.v_proj.weight");
    return flamingo_from_idefics(changed, config);
  };
  EXPECT_THROW(missing_value(), Error);
  weights["model.perceiver_resampler.stranger"] = torch::ones({1});
  model::Flamingo flamingo(config, lm::WeightOptions::of(torch::kFloat32));
  EXPECT_THROW(load_into(*flamingo, flamingo_from_idefics(weights, config)), Error);
  Json foreign = json;
  foreign["model_type"] = "idefics2";
  EXPECT_THROW(flamingo_config_from_idefics(foreign, "test"), Error);
  foreign = json;
  foreign["vision_config"]["num_hidden_layers"] = int64_t{1} << 40;
  EXPECT_THROW(flamingo_config_from_idefics(foreign, "test"), Error);
  foreign = json;
  foreign["cross_layer_interval"] = 5;
  EXPECT_THROW(flamingo_config_from_idefics(foreign, "test"), Error);
}

void read_config(const std::string& text) {
  flamingo_config_from_idefics(parse_json(text, "config.json"), "config.json");
}

TEST(IdeficsConfig, SurvivesDamage) {
  testing::expect_survives_damage(
      read_file(kIdeficsFolder + "end-to-end/model/config.json", 1 << 20), read_config);
}

TEST(IdeficsConfig, NamesNumbersOutOfRange) {
  for (const char* variant : {"end-to-end", "no-resampler"}) {
    const Json json = read_json_file(kIdeficsFolder + variant + "/model/config.json");
    testing::expect_names_bad_numbers(json, read_config);
  }
}

/// A folder whose preprocessor_config.json changes.
class IdeficsPictures : public ::testing::Test {
 protected:
  void SetUp() override { fs::copy_file(kModel + "config.json", folder_.file("config.json")); }
  void read(const std::string& text) const {
    std::ofstream(folder_.file("preprocessor_config.json"), std::ios::binary) << text;
    read_idefics_config(folder_.path());
  }

  const std::string kModel = kIdeficsFolder + "end-to-end/model/";
  testing::TemporaryFolder folder_;
};

TEST(IdeficsConfig, TellsFieldsThatProgramsAdd) {
  const testing::TemporaryFolder folder;
  Json json = read_json_file(kIdeficsFolder + "end-to-end/model/config.json");
  json.update(
      {{"attn_implementation", "sdpa"}, {"_attn_implementation", "eager"}, {"use_cache", 0}});
  write_file_atomic(folder.file("config.json"), json.dump());
  EXPECT_TRUE(idefics_warnings(folder.path()).empty());
  json.update({{"quantization_config", {{"load_in_8bit", true}}}, {"trained_by", "us"}});
  json["vision_config"]["note"] = "x";
  write_file_atomic(folder.file("config.json"), json.dump());
  EXPECT_NO_THROW(read_idefics_config(folder.path()));
  const auto warnings = idefics_warnings(folder.path());
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_NE(warnings[0].find("quantization_config"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("(trained_by)"), std::string::npos) << warnings[1];
  EXPECT_NE(warnings[2].find("vision_config holds 1 field"), std::string::npos) << warnings[2];
}

TEST_F(IdeficsPictures, SurviveDamage) {
  testing::expect_survives_damage(read_file(kModel + "preprocessor_config.json", 1 << 20),
                                  [&](const std::string& text) { read(text); });
}

TEST_F(IdeficsPictures, NameNumbersOutOfRange) {
  testing::expect_names_bad_numbers(read_json_file(kModel + "preprocessor_config.json"),
                                    [&](const std::string& text) { read(text); });
}

TEST_F(IdeficsPictures, StandAmongTheProcessorsSettingsToo) {
  read(R"({"image_size": 28, "image_mean": [0.1, 0.2, 0.3], "image_std": [1, 1, 1]})");
  write_file_atomic(folder_.file("processor_config.json"),
                    R"({"processor_class": "IdeficsProcessor", "image_processor": {"own": 1,
                        "size": {"height": 28, "width": 28}, "image_mean": [0.5, 0.6, 0.7]}})");
  EXPECT_EQ(read_idefics_config(folder_.path()).transform.mean,
            (std::vector<float>{0.5f, 0.6f, 0.7f}));
  const auto warnings = idefics_warnings(folder_.path());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("processor_config.json.image_processor holds 1 field"),
            std::string::npos)
      << warnings[0];
  for (const char* size : {R"({"height": 28, "width": 29})", R"({"shortest_edge": 28})", "56"}) {
    write_file_atomic(folder_.file("processor_config.json"),
                      std::string(R"({"image_processor": {"size": )") + size + "}}");
    EXPECT_THROW(read_idefics_config(folder_.path()), Error) << size;
  }
  write_file_atomic(folder_.file("processor_config.json"), "{}");  // the older file counts
  EXPECT_EQ(read_idefics_config(folder_.path()).transform.mean.front(), 0.1f);
}

TEST_F(IdeficsPictures, MustHaveTheEncodersSize) {
  Json json = read_json_file(kModel + "preprocessor_config.json");
  json["image_mean"] = {0.1, 0.2, 0.3};
  read(json.dump());
  EXPECT_EQ(read_idefics_config(folder_.path()).transform.mean,
            (std::vector<float>{0.1f, 0.2f, 0.3f}));
  json["image_size"] = 56;
  EXPECT_THROW(read(json.dump()), Error);
  json["image_size"] = 28;
  json["image_std"] = {0.5, 0.5};
  EXPECT_THROW(read(json.dump()), Error);
}

}  // namespace
}  // namespace flamingo::checkpoint
