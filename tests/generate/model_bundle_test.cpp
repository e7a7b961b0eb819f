#include "flamingo/generate/model_bundle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/train/tiny_run.h"

namespace flamingo::generate {
namespace {

using Ids = std::vector<int32_t>;

const std::string kIdefics = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/";

/// One of the fixture's prompts; an item that is a file stands for the picture.
prompt::Prompt fixture_prompt(size_t row) {
  prompt::Prompt prompt;
  const Json meta = read_json_file(kIdefics + "meta.json");
  for (const Json& item : meta["prompts"][row]) {
    const auto text = item.get<std::string>();
    const std::string file = kIdefics + "images/" + text;
    if (std::filesystem::exists(file)) {
      prompt.items.push_back(prompt::ImageItem{file});
    } else {
      prompt.items.push_back(prompt::TextItem{text});
    }
  }
  return prompt;
}

/// The values of a row [T] where the mask [T] is 1.
Ids unpadded(const torch::Tensor& row, const torch::Tensor& mask) {
  const auto kept = row.masked_select(mask == 1).to(torch::kInt32);
  return {kept.const_data_ptr<int32_t>(), kept.const_data_ptr<int32_t>() + kept.numel()};
}

TEST(OpenIdefics, EncodesPromptsAsThePeer) {
  const auto bundle = open_model(kIdefics + "model", {.compute = torch::kFloat32});
  const auto inputs = checkpoint::load_state_dict(kIdefics + "cases/prompts/inputs.safetensors");
  const auto sees = inputs.at("image_attention_mask");  // [B, T, N]
  const auto phi = sees.argmax(-1).add(1).masked_fill(sees.sum(-1) == 0, 0);
  for (int64_t row = 0; row < 3; ++row) {
    const auto encoded = encode_text(bundle, fixture_prompt(static_cast<size_t>(row)));
    const auto mask = inputs.at("attention_mask")[row];
    EXPECT_EQ(encoded.ids, unpadded(inputs.at("input_ids")[row], mask)) << row;
    EXPECT_EQ(encoded.phi, unpadded(phi[row], mask)) << row;
    EXPECT_TRUE(encoded.media.empty());
  }
}

TEST(OpenIdefics, KnowsWhatEndsAnAnswerAndWhatIsNeverSaid) {
  const auto bundle = open_model(kIdefics + "model", {.compute = torch::kFloat32});
  EXPECT_EQ(bundle.style, model::PromptStyle::kIdefics);
  EXPECT_NE(std::find(bundle.stop_ids.begin(), bundle.stop_ids.end(), 2), bundle.stop_ids.end());
  Ids banned = bundle.banned_ids;
  std::sort(banned.begin(), banned.end());
  EXPECT_EQ(banned, (Ids{420, 421}));
  EXPECT_EQ(bundle.lm_file, nullptr);
  EXPECT_FALSE(bundle.model->is_training());
  EXPECT_NE(bundle.load_report.find(" 0 missing, 0 unexpected"), std::string::npos);
}

/// The fixture with <end_of_utterance> (id 422), as the instruction models have it.
class OpenIdeficsInstruct : public ::testing::Test {
 protected:
  void SetUp() override {
    namespace fs = std::filesystem;
    fs::copy(kIdefics + "model", folder_.file("model"));
    Json tokenizer = read_json_file(kIdefics + "model/tokenizer.json");
    tokenizer["added_tokens"].push_back({{"id", 422},
                                         {"content", "<end_of_utterance>"},
                                         {"special", true},
                                         {"normalized", false},
                                         {"single_word", false},
                                         {"lstrip", false},
                                         {"rstrip", false}});
    write_file_atomic(folder_.file("model/tokenizer.json"), tokenizer.dump());
    Json config = read_json_file(kIdefics + "model/config.json");
    config["additional_vocab_size"] = 3;
    write_file_atomic(folder_.file("model/config.json"), config.dump());
    auto weights = checkpoint::load_state_dict(kIdefics + "model");
    for (const char* name :
         {"lm_head.additional_fc.weight", "model.embed_tokens.additional_embedding.weight"}) {
      auto& weight = weights.at(name);
      weight = torch::cat({weight, weight.slice(0, 0, 1)});
    }
    fs::remove(folder_.file("model/model.safetensors"));
    checkpoint::save_state_dict(folder_.file("model/model.safetensors"), weights);
  }
  ModelBundle open() const {
    return open_model(folder_.file("model"), {.compute = torch::kFloat32});
  }

  testing::TemporaryFolder folder_;
};

TEST_F(OpenIdeficsInstruct, StopsAtTheEndOfAnUtteranceAndMaySayIt) {
  const auto bundle = open();
  EXPECT_EQ(bundle.stop_ids, (Ids{2, 422}));
  EXPECT_EQ(bundle.answer_end, 422);
  Ids banned = bundle.banned_ids;
  std::sort(banned.begin(), banned.end());
  EXPECT_EQ(banned, (Ids{420, 421}));
  EXPECT_TRUE(bundle.warnings.empty());
}

TEST_F(OpenIdeficsInstruct, FollowsTheGenerationConfig) {
  write_file_atomic(folder_.file("model/generation_config.json"),
                    R"({"eos_token_id": [422, 5], "bad_words_ids": [[421], [9]], "top_p": 0.5})");
  const auto bundle = open();
  EXPECT_EQ(bundle.stop_ids, (Ids{2, 422, 5}));
  Ids banned = bundle.banned_ids;
  std::sort(banned.begin(), banned.end());
  EXPECT_EQ(banned, (Ids{9, 420, 421}));
  ASSERT_EQ(bundle.warnings.size(), 1u);
  EXPECT_NE(bundle.warnings[0].find("top_p"), std::string::npos);
}

TEST(OpenIdefics, ContinuesAPromptWithAnAnswerAlone) {
  const auto bundle = open_model(kIdefics + "model", {.compute = torch::kFloat32});
  const prompt::Prompt prompt = fixture_prompt(1);
  prompt::Prompt answered = prompt;
  std::get<prompt::TextItem>(answered.items.back()).text += " dogs";
  auto expected = encode_text(bundle, answered).ids;
  const auto before = encode_text(bundle, prompt).ids;
  expected.erase(expected.begin(), expected.begin() + std::ssize(before));
  EXPECT_FALSE(bundle.answer_end.has_value());  // the fixture's tokenizer has no end of a turn
  EXPECT_EQ(continuation_ids(bundle, prompt, before, "dogs"), expected);
}

TEST(OpenIdefics, ALaterTurnHasNoBeginningAndCountsOn) {
  const auto bundle = open_model(kIdefics + "model", {.compute = torch::kFloat32});
  const auto first = encode_text(bundle, fixture_prompt(1));
  const auto later = encode_text(bundle, fixture_prompt(1), 2, false);
  EXPECT_EQ(later.ids, Ids(first.ids.begin() + 1, first.ids.end()));
  ASSERT_EQ(later.phi.size(), later.ids.size());
  for (size_t i = 0; i < later.phi.size(); ++i) EXPECT_EQ(later.phi[i], first.phi[i + 1] + 2);
}

/// A model of our own on a small language model with a tokenizer.
class OpenNative : public ::testing::Test {
 protected:
  OpenNative() {
    testing::write_tiny_lm(folder_.file("lm.gguf"));
    auto config = testing::tiny_flamingo();
    config.lm =
        checkpoint::read_gguf_llama(io::Gguf::open(folder_.file("lm.gguf")), torch::kFloat32, "lm")
            .config;
    config.lm.additional_vocab = 2;
    checkpoint::write_native(folder_.file("model"), testing::make_flamingo(config),
                             folder_.file("lm.gguf"));
  }

  testing::TemporaryFolder folder_;
};

TEST_F(OpenNative, GivesAdditionalTokensTheIdsAfterTheLanguageModels) {
  const auto bundle = open_model(folder_.file("model"), {.compute = torch::kFloat32});
  const auto vocab = static_cast<int32_t>(bundle.model->config().lm.vocab);
  EXPECT_EQ(bundle.style, model::PromptStyle::kFlamingo);
  EXPECT_EQ(bundle.tokenizer.token_to_id("<image>"), vocab);
  EXPECT_EQ(bundle.tokenizer.token_to_id("<EOC>"), vocab + 1);
  EXPECT_EQ(bundle.stop_ids, (Ids{1, vocab + 1}));  // </s> and <EOC>
  EXPECT_EQ(bundle.banned_ids, Ids{vocab});
  EXPECT_NE(bundle.lm_file, nullptr);
}

TEST_F(OpenNative, WritesPromptsAsThePaper) {
  const auto bundle = open_model(folder_.file("model"), {.compute = torch::kFloat32});
  const auto vocab = static_cast<int32_t>(bundle.model->config().lm.vocab);
  const prompt::Prompt prompt{.items = {prompt::ImageItem{"a.png"}, prompt::TextItem{" apple"},
                                        prompt::EndOfChunkItem{}, prompt::ImageItem{"b.png"}}};
  const Ids apple = bundle.tokenizer.encode(" apple");
  ASSERT_EQ(apple.size(), 1u);
  const auto encoded = encode_text(bundle, prompt);
  EXPECT_EQ(encoded.ids, (Ids{0, vocab, apple[0], vocab + 1, vocab}));
  EXPECT_EQ(encoded.phi, (Ids{0, 1, 1, 1, 2}));
  const auto later = encode_text(bundle, prompt, 3, false);
  EXPECT_EQ(later.ids, (Ids{vocab, apple[0], vocab + 1, vocab}));
  EXPECT_EQ(later.phi, (Ids{4, 4, 4, 5}));
}

TEST_F(OpenNative, ContinuesAPromptWithAnAnswerAndItsEnd) {
  const auto bundle = open_model(folder_.file("model"), {.compute = torch::kFloat32});
  const auto eoc = static_cast<int32_t>(bundle.model->config().lm.vocab) + 1;
  const Ids apple = bundle.tokenizer.encode(" apple");
  ASSERT_EQ(apple.size(), 1u);
  const auto continued = [&](const prompt::Prompt& prompt, const std::string& answer) {
    return continuation_ids(bundle, prompt, encode_text(bundle, prompt).ids, answer);
  };
  const prompt::Prompt prompt{.items = {prompt::ImageItem{"a.png"}, prompt::TextItem{"Output:"}}};
  EXPECT_EQ(continued(prompt, "apple"), (Ids{apple[0], eoc}));
  const prompt::Prompt bare{.items = {prompt::ImageItem{"a.png"}}};
  EXPECT_EQ(continued(bare, " apple"), (Ids{apple[0], eoc}));
  EXPECT_THROW(continued(prompt, " "), Error);
  const prompt::Prompt with_space{.items = {prompt::TextItem{"Output: "}}};
  EXPECT_THROW(continued(with_space, "apple"), Error);
}

TEST_F(OpenNative, TakesTheLanguageModelFromElsewhere) {
  std::filesystem::rename(folder_.file("lm.gguf"), folder_.file("moved.gguf"));
  EXPECT_THROW(open_model(folder_.file("model"), {}), Error);
  EXPECT_NO_THROW(open_model(folder_.file("model"), {.lm_path = folder_.file("moved.gguf")}));
}

TEST(OpenModel, NamesForeignFolders) {
  EXPECT_THROW(open_model("/no/such/folder", {}), Error);
  const testing::TemporaryFolder folder;
  EXPECT_THROW(open_model(folder.path(), {}), Error);
  for (const char* json : {R"({"model_type": "llava"})", "{}", "[1]", "3"}) {
    write_file_atomic(folder.file("config.json"), json);
    EXPECT_THROW(open_model(folder.path(), {}), Error) << json;
  }
}

}  // namespace
}  // namespace flamingo::generate
