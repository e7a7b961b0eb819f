#include "flamingo/checkpoint/adapters/clip.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/checkpoint/config_damage.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::checkpoint {
namespace {

const std::string kClipGolden = std::string(FLAMINGO_GOLDEN_DIR) + "/clip-vit-tiny";

/// A file of weights and the config it goes with.
struct Form {
  const char* variant;
  const char* weights;
  const char* config;  ///< empty = taken from the weights
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.variant << "/" << form.weights; }

class ClipGolden : public ::testing::TestWithParam<Form> {
 protected:
  static std::string path(const std::string& name) {
    return kClipGolden + "/" + GetParam().variant + "/" + name;
  }

  static vision::ClipVitConfig config(const StateDict& weights) {
    const std::string file = path(GetParam().config);
    if (std::string(GetParam().config).starts_with("hf/"))
      return clip_config_from_hf(read_json_file(file), file);
    if (*GetParam().config) return clip_config_from_open_clip(read_json_file(file), file);
    return clip_config_from_openai(weights);
  }
};

TEST_P(ClipGolden, MatchesThePeer) {
  const torch::NoGradGuard no_grad;
  const StateDict weights = load_state_dict(path(GetParam().weights));
  vision::ClipVit clip(config(weights), torch::kFloat32);
  const testing::Rounding rounding{.terms = testing::summed_terms(clip->config())};
  const auto expect_close = [&](const torch::Tensor& actual, const torch::Tensor& expected,
                                const std::string& name) {
    EXPECT_TRUE(testing::agree(actual, expected, rounding)) << name;
  };
  load_into(*clip, clip_weights(weights));
  for (const std::string name : {"batch1", "batch3"}) {
    const StateDict inputs = load_state_dict(path("cases/" + name + "/inputs.safetensors"));
    const StateDict expected = load_state_dict(path("cases/" + name + "/expected.safetensors"));
    const auto tokens = clip->tokens(inputs.at("pixel_values"),
                                     [&](const std::string& tap, const torch::Tensor& x) {
                                       expect_close(x, expected.at(tap), tap);
                                     });
    expect_close(clip->forward(inputs.at("pixel_values")), expected.at("patch_tokens"),
                 "patch_tokens");
    expect_close(clip->post_norm(tokens).slice(1, 1), expected.at("patch_tokens_ln_post"),
                 "patch_tokens_ln_post");
    expect_close(clip->post_norm(tokens).select(1, 0), expected.at("class_token_ln_post"),
                 "class_token_ln_post");
    expect_close(clip->embed(tokens), expected.at("image_embeds"), "image_embeds");
  }
}

INSTANTIATE_TEST_SUITE_P(
    AllForms, ClipGolden,
    ::testing::Values(
        Form{"gelu", "hf/model.safetensors", "hf/config.json"},
        Form{"gelu", "open_clip/open_clip_model.safetensors", "open_clip/open_clip_config.json"},
        Form{"gelu", "open_clip/open_clip_pytorch_model.bin", "open_clip/open_clip_config.json"},
        Form{"quick_gelu", "hf/model.safetensors", "hf/config.json"},
        Form{"quick_gelu", "open_clip/open_clip_model.safetensors",
             "open_clip/open_clip_config.json"},
        Form{"quick_gelu", "openai/archive.pt", ""}));

TEST(ClipWeights, KeepsUnknownVisionNamesSoThatTheLoaderReportsThem) {
  const auto x = torch::zeros({1});
  const StateDict ours =
      clip_from_openai({{"visual.transformer.resblocks.0.strange", x}, {"logit_scale", x}});
  EXPECT_TRUE(ours.contains("transformer.resblocks.0.strange"));
  EXPECT_EQ(ours.size(), 1U);
}

TEST(ClipWeights, RefusesForeignFilesAndLonelyQueries) {
  EXPECT_THROW(clip_weights({{"a", torch::zeros({1})}}), Error);
  EXPECT_THROW(clip_from_hf({{"vision_model.encoder.layers.0.self_attn.q_proj.weight",
                              torch::zeros({2, 2})}}),
               Error);
}

TEST(ClipWeights, ReadsIdeficsPrefix) {
  const auto x = torch::zeros({4});
  const StateDict ours =
      clip_from_hf({{"model.vision_model.pre_layrnorm.weight", x}}, "model.vision_model.");
  EXPECT_TRUE(ours.contains("norm_pre.weight"));
}

TEST(ClipConfig, RefusesBadConfigs) {
  EXPECT_THROW(clip_config_from_hf(Json{{"hidden_size", "wide"}}, "c.json"), Error);
  EXPECT_THROW(clip_config_from_hf(Json{{"hidden_size", 10}, {"num_attention_heads", 3}}, "c.json"),
               Error);
  EXPECT_THROW(clip_config_from_open_clip(Json::array(), "c.json"), Error);
  EXPECT_THROW(clip_config_from_open_clip(Json{{"vision_cfg", {{"head_width", 0}}}}, "c.json"),
               Error);
  EXPECT_THROW(clip_config_from_openai({}), Error);
  EXPECT_THROW(clip_config_from_openai({{"visual.conv1.weight", torch::zeros({3})}}), Error);
}

void read_hf(const std::string& text) { clip_config_from_hf(parse_json(text, "c.json"), "c.json"); }

void read_open_clip(const std::string& text) {
  clip_config_from_open_clip(parse_json(text, "c.json"), "c.json");
}

TEST(ClipConfig, SurvivesDamage) {
  const std::string folder = kClipGolden + "/quick_gelu/";
  testing::expect_survives_damage(read_file(folder + "hf/config.json", 1 << 20), read_hf);
  testing::expect_survives_damage(read_file(folder + "open_clip/open_clip_config.json", 1 << 20),
                                  read_open_clip);
}

TEST(ClipConfig, NamesNumbersOutOfRange) {
  const std::string folder = kClipGolden + "/gelu/";
  testing::expect_names_bad_numbers(read_json_file(folder + "hf/config.json"), read_hf);
  Json json = read_json_file(folder + "open_clip/open_clip_config.json");
  json["model_cfg"]["vision_cfg"]["mlp_ratio"] = 4.0;
  testing::expect_names_bad_numbers(json, read_open_clip);
}

}  // namespace
}  // namespace flamingo::checkpoint
