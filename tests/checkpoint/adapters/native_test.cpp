#include "flamingo/checkpoint/adapters/native.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/core/file.h"
#include "tests/checkpoint/config_damage.h"
#include "tests/core/temporary_folder.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::checkpoint {
namespace {

namespace fs = std::filesystem;

const std::string kGguf = std::string(FLAMINGO_GOLDEN_DIR) + "/gguf-tiny/model.gguf";

class Native : public ::testing::Test {
 protected:
  std::string path(const char* name) const { return folder_.file(name); }

  /// A model around the fixture's language model, in bf16 so that storing it loses nothing.
  static model::Flamingo model_on_gguf() {
    auto config = testing::tiny_flamingo();
    const auto lm = read_gguf_llama(io::Gguf::open(kGguf), torch::kBFloat16, kGguf);
    config.lm = lm.config;
    config.lm.additional_vocab = 2;
    model::Flamingo model(config,
                          lm::WeightOptions::of(torch::kBFloat16, torch::kCPU, torch::kBFloat16));
    nn::init_weights(*model, 5);
    load_into(*model->lm, lm.weights,
              {.elsewhere = {"embed_tokens.additional_embedding.", "lm_head.additional_fc."}});
    return model;
  }

  static torch::Tensor logits_of(model::Flamingo& model) {
    const torch::NoGradGuard no_grad;
    const auto phi = torch::tensor({{0, 1, 1, 2, 2, 2}}, torch::kInt64);
    return model->forward({.ids = testing::some_ids(1, 6),
                           .phi = phi,
                           .media = model->encode_media(testing::some_pixels(1, 2))});
  }

  static lm::WeightOptions bf16() {
    return lm::WeightOptions::of(torch::kBFloat16, torch::kCPU, torch::kBFloat16);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Native, TrainedWeightsAndAReferenceToTheLanguageModel) {
  auto model = model_on_gguf();
  write_native(path("model"), model, kGguf);
  EXPECT_TRUE(is_native(path("model")));
  EXPECT_TRUE(fs::equivalent(native_lm_path(path("model"), ""), kGguf));
  const auto stored = load_state_dict(path("model") + "/model.safetensors");
  EXPECT_TRUE(stored.contains("lm.embed_tokens.additional_embedding.weight"));
  EXPECT_FALSE(stored.contains("lm.embed_tokens.weight"));
  auto loaded = load_native(path("model"), "", bf16());
  EXPECT_TRUE(logits_of(loaded.model).equal(logits_of(model)));
  const auto all = static_cast<int64_t>(model->named_parameters().size());
  EXPECT_EQ(loaded.report.loaded, static_cast<int64_t>(stored.size()));
  EXPECT_EQ(loaded.report.frozen, all - loaded.report.loaded);
}

TEST_F(Native, TheFolderAndItsLanguageModelMayMove) {
  auto model = model_on_gguf();
  fs::copy_file(kGguf, path("lm.gguf"));
  write_native(path("model"), model, path("lm.gguf"));
  fs::rename(path("lm.gguf"), path("elsewhere.gguf"));
  EXPECT_THROW(load_native(path("model"), "", bf16()), Error);
  EXPECT_NO_THROW(load_native(path("model"), path("elsewhere.gguf"), bf16()));
}

TEST_F(Native, RefusesAnotherLanguageModel) {
  auto model = model_on_gguf();
  write_native(path("model"), model, kGguf);
  auto bytes = read_file(kGguf, 1 << 20);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file_atomic(path("other.gguf"), bytes);
  try {
    load_native(path("model"), path("other.gguf"), bf16());
    FAIL() << "expected an Error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("SHA-256"), std::string::npos) << e.what();
  }
}

TEST_F(Native, StoresTheLanguageModelWhenThereIsNoFile) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  write_native(path("model"), model, "");
  EXPECT_EQ(native_lm_path(path("model"), ""), "");
  auto loaded = load_native(path("model"), "", lm::WeightOptions::of(torch::kFloat32));
  EXPECT_TRUE(logits_of(loaded.model).equal(logits_of(model)));
  EXPECT_EQ(loaded.report.frozen, 0);
}

TEST_F(Native, RefusesGapsAndUnknownKeys) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  write_native(path("model"), model, "");
  const std::string weights = path("model") + "/model.safetensors",
                    config = path("model") + "/config.json";
  auto stored = state_dict_of(*model);
  stored.erase("xattn.0.alpha_xattn");
  save_state_dict(weights, stored);
  EXPECT_THROW(load_native(path("model"), "", lm::WeightOptions::of(torch::kFloat32)), Error);
  Json json = read_json_file(config);
  json["model"]["surprise"] = 1;
  write_file_atomic(config, json.dump());
  EXPECT_THROW(load_native(path("model"), "", lm::WeightOptions::of(torch::kFloat32)), Error);
  write_file_atomic(config, "{\"format\": \"other\"}");
  EXPECT_FALSE(is_native(path("model")));
  EXPECT_THROW(load_native(path("model"), "", lm::WeightOptions::of(torch::kFloat32)), Error);
}

/// A folder whose config.json changes and is read without weights.
class NativeConfig : public Native {
 protected:
  void read(const std::string& text) const {
    std::ofstream(path("config.json"), std::ios::binary) << text;
    read_model_config(folder_.path());
  }
  static Json model_json() {
    return read_json_file(std::string(FLAMINGO_SOURCE_DIR) + "/models/pictogram/config.json");
  }
};

TEST_F(NativeConfig, SurvivesDamage) {
  testing::expect_survives_damage(model_json().dump(2),
                                  [&](const std::string& text) { read(text); });
}

TEST_F(NativeConfig, NamesNumbersOutOfRange) {
  testing::expect_names_bad_numbers(model_json(), [&](const std::string& text) { read(text); });
}

TEST_F(NativeConfig, RefusesAnEncoderWithoutStages) {
  Json json = model_json();
  json["model"]["vision"]["nfnet"]["widths"] = Json::array();
  EXPECT_THROW(read(json.dump()), Error);  // its last width is the resampler's input
}

}  // namespace
}  // namespace flamingo::checkpoint
