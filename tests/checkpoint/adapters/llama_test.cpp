#include "flamingo/checkpoint/adapters/llama.h"

#include <gtest/gtest.h>

#include <limits>

#include "flamingo/core/file.h"
#include "tests/checkpoint/config_damage.h"
#include "tests/core/temporary_folder.h"
#include "tests/lm/tiny_models.h"

namespace flamingo::checkpoint {
namespace {

/// Weights of `lm` by LLaMA's names: the adapter's work undone.
StateDict llama_weights(const lm::Decoder& lm) {
  const auto& config = lm->config();
  const int64_t q = config.num_heads * config.head_dim, kv = config.num_kv_heads * config.head_dim;
  StateDict out;
  for (const auto& [name, weight] : state_dict_of(*lm)) {
    const auto put = [&](const char* from, const char* to, const at::Tensor& rows) {
      out["model." + std::string(name).replace(name.find(from), std::string(from).size(), to)] =
          rows;
    };
    if (name.find("qkv_proj") != std::string::npos) {
      put("qkv_proj", "q_proj", weight.slice(0, 0, q));
      put("qkv_proj", "k_proj", weight.slice(0, q, q + kv));
      put("qkv_proj", "v_proj", weight.slice(0, q + kv));
    } else if (name.find("up_proj") != std::string::npos) {
      put("up_proj", "gate_proj", weight.slice(0, 0, config.ffw_dim));
      put("up_proj", "up_proj", weight.slice(0, config.ffw_dim));
    } else {
      out[(name.starts_with("lm_head") ? "" : "model.") + name] = weight;
    }
  }
  return out;
}

Json llama_config(const lm::DecoderConfig& config) {
  return {{"vocab_size", config.vocab},
          {"hidden_size", config.dim},
          {"num_hidden_layers", config.num_layers},
          {"num_attention_heads", config.num_heads},
          {"num_key_value_heads", config.num_kv_heads},
          {"intermediate_size", config.ffw_dim},
          {"rms_norm_eps", config.norm.eps},
          {"tie_word_embeddings", config.tied_embeddings},
          {"max_position_embeddings", config.max_positions}};
}

class LlamaFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    config_ = testing::tiny_lm();
    config_.head_dim = 8;
    config_.tied_embeddings = false;
  }

  void write(const StateDict& weights) {
    save_state_dict(folder_.file("model.safetensors"), weights);
    write_file_atomic(folder_.file("config.json"), llama_config(config_).dump());
  }

  testing::TemporaryFolder folder_;
  lm::DecoderConfig config_;
};

TEST_F(LlamaFolder, LoadsWhatWasSaved) {
  const torch::NoGradGuard no_grad;
  auto lm = testing::make_decoder(config_);
  auto weights = llama_weights(lm);
  weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch::ones({4});
  write(weights);
  const auto checkpoint = read_llama(folder_.path());
  EXPECT_EQ(config_to_json(checkpoint.config), config_to_json(config_));
  const auto loaded = make_decoder(checkpoint, lm::WeightOptions::of(torch::kFloat32), "test");
  EXPECT_EQ(loaded.report.text(), "0 frozen, 21 loaded, 0 missing, 0 unexpected");
  const auto ids = testing::some_ids(1, 6);
  EXPECT_TRUE(loaded.decoder->forward(ids).equal(lm->forward(ids)));
}

TEST_F(LlamaFolder, RefusesGapsStrangersAndNan) {
  const auto refuses = [&](auto change) {
    auto weights = llama_weights(testing::make_decoder(config_));
    change(weights);
    write(weights);
    EXPECT_THROW(
        make_decoder(read_llama(folder_.path()), lm::WeightOptions::of(torch::kFloat32), "test"),
        Error);
  };
  refuses([](auto& w) { w.erase("model.layers.1.self_attn.k_proj.weight"); });
  refuses([](auto& w) { w.erase("model.norm.weight"); });
  refuses([](auto& w) { w["model.layers.9.input_layernorm.weight"] = torch::ones({32}); });
  refuses([](auto& w) {
    w["model.norm.weight"] = torch::full({32}, std::numeric_limits<float>::quiet_NaN());
  });
  refuses([](auto& w) { w["model.layers.0.mlp.gate_proj.weight"] = torch::ones({48, 31}); });
}

TEST_F(LlamaFolder, RefusesSettingsThatItLacks) {
  auto json = llama_config(config_);
  json["rope_scaling"] = {{"rope_type", "longrope"}};
  EXPECT_THROW(decoder_config_from_llama(json, "test"), Error);
  json = llama_config(config_);
  json.erase("hidden_size");
  EXPECT_THROW(decoder_config_from_llama(json, "test"), Error);
  json["hidden_size"] = "wide";
  EXPECT_THROW(decoder_config_from_llama(json, "test"), Error);
  EXPECT_THROW(decoder_config_from_llama(Json::array(), "test"), Error);
}

TEST_F(LlamaFolder, TellsUnknownFieldsAndRefusesOtherModels) {
  const auto message = [&](const Json& changes) {
    write(llama_weights(testing::make_decoder(config_)));
    Json json = llama_config(config_);
    json.update(changes);
    write_file_atomic(folder_.file("config.json"), json.dump());
    try {
      read_llama(folder_.path());
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message({{"model_type", "llama"}, {"rope_parameters", {{"rope_type", "default"}}}}),
            "no error");
  EXPECT_EQ(message({{"model_type", "mistral"}, {"sliding_window", nullptr}}), "no error");
  for (const Json& bad : {Json{{"model_type", "gemma"}}, Json{{"sliding_window", 8}},
                          Json{{"attention_bias", true}}}) {
    const std::string text = message(bad);
    EXPECT_NE(text.find(bad.begin().key()), std::string::npos) << text;
  }
  EXPECT_EQ(message({{"new_scale", 2}, {"auto_map", {{"AutoConfig", "own.Config"}}}}), "no error");
  const auto warnings = read_llama(folder_.path()).warnings;
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_NE(warnings[0].find("auto_map"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("(new_scale)"), std::string::npos) << warnings[1];
}

TEST_F(LlamaFolder, ATiedHeadMayBeStoredOnEitherSide) {
  config_.tied_embeddings = true;
  auto weights = llama_weights(testing::make_decoder(config_));
  const auto table = weights.at("model.embed_tokens.weight");
  weights.erase("model.embed_tokens.weight");
  weights["lm_head.weight"] = table;
  write(weights);
  const auto read = read_llama(folder_.path()).weights;
  EXPECT_TRUE(read.at("embed_tokens.weight").equal(table));
  EXPECT_FALSE(read.contains("lm_head.weight"));
  weights["model.embed_tokens.weight"] = table + 1;
  write(weights);
  EXPECT_THROW(read_llama(folder_.path()), Error);
}

TEST_F(LlamaFolder, ConfigSurvivesDamageAndNamesNumbersOutOfRange) {
  const auto read = [](const std::string& text) {
    decoder_config_from_llama(parse_json(text, "config.json"), "config.json");
  };
  Json json = llama_config(config_);
  json["head_dim"] = config_.head_dim;
  json["rope_theta"] = 10000.0;
  testing::expect_survives_damage(json.dump(2), read);
  testing::expect_names_bad_numbers(json, read);
}

}  // namespace
}  // namespace flamingo::checkpoint
