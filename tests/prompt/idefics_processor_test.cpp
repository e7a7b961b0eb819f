#include "flamingo/prompt/idefics_processor.h"

#include <gtest/gtest.h>

#include <cstring>

#include "flamingo/io/safetensors.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::prompt {
namespace {

using Ids = std::vector<int32_t>;

std::string end_to_end(const std::string& path) {
  return testing::golden("idefics-tiny/end-to-end/" + path);
}

text::Tokenizer tiny() { return text::Tokenizer::from_file(end_to_end("model/tokenizer.json")); }

std::vector<int64_t> read_int64(const io::Safetensors& file, const char* name) {
  const io::TensorView* tensor = file.find(name);
  std::vector<int64_t> values(tensor->data.size() / sizeof(int64_t));
  std::memcpy(values.data(), tensor->data.data(), tensor->data.size());
  return values;
}

std::vector<Prompt> golden_prompts() {
  std::vector<Prompt> prompts;
  const Json meta = read_json_file(end_to_end("meta.json"));
  for (const Json& items : meta["prompts"]) {
    Prompt prompt;
    for (const Json& item : items) {
      const auto text = item.get<std::string>();
      if (text.ends_with(".png") || text.ends_with(".jpg")) {
        prompt.items.emplace_back(ImageItem{text});
      } else {
        prompt.items.emplace_back(TextItem{text});
      }
    }
    prompts.push_back(prompt);
  }
  return prompts;
}

TEST(IdeficsProcessor, ReproducesThePeersInputs) {
  const IdeficsBatch batch = process_idefics(tiny(), golden_prompts());
  const io::Safetensors inputs =
      io::Safetensors::open(end_to_end("cases/prompts/inputs.safetensors"));
  EXPECT_EQ(batch.batch, 3);
  EXPECT_EQ(batch.tokens, 72);
  EXPECT_EQ(batch.max_images, 2);
  const auto ids = read_int64(inputs, "input_ids");
  const auto attention = read_int64(inputs, "attention_mask");
  const auto image_mask = read_int64(inputs, "image_attention_mask");  // [B, T, N], one-hot
  ASSERT_EQ(batch.ids.size(), ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(batch.ids[i], ids[i]) << i;
    EXPECT_EQ(batch.attention_mask[i], attention[i]) << i;
    for (int64_t n = 0; n < 2; ++n) {
      EXPECT_EQ(batch.phi[i] == n + 1 ? 1 : 0, image_mask[i * 2 + static_cast<size_t>(n)]) << i;
    }
  }
  EXPECT_EQ(batch.images[0], (std::vector<std::string>{"cats.png", "street.jpg"}));
}

TEST(IdeficsProcessor, DecodedTextsEqualThePeers) {
  const text::Tokenizer tokenizer = tiny();
  const IdeficsBatch batch = process_idefics(tokenizer, golden_prompts());
  const Json texts = read_json_file(end_to_end("meta.json"))["prompt_texts"];
  for (size_t row = 0; row < 3; ++row) {
    const std::span<const int32_t> ids(batch.ids.data() + row * 72, 72);
    EXPECT_EQ(tokenizer.decode(ids), texts[row]);
  }
}

TEST(IdeficsProcessor, WordsOfAPrompt) {
  const text::Tokenizer tokenizer = tiny();
  Prompt prompt;
  prompt.items = {TextItem{" a "}, TextItem{"b"}, ImageItem{"1"}, ImageItem{"2"}, TextItem{"\nc "}};
  const std::string images =
      "<fake_token_around_image><image><fake_token_around_image><image>"
      "<fake_token_around_image>";
  EXPECT_EQ(idefics_text(tokenizer, prompt), "<s>ab" + images + "\nc");
  EXPECT_EQ(idefics_text(tokenizer, prompt, true), "<s>a<end_of_utterance>b" + images + "\nc");
  EXPECT_EQ(idefics_text(tokenizer.with_special_token("<end_of_utterance>"), prompt),
            "<s>a<end_of_utterance>b" + images + "\nc");
}

TEST(IdeficsProcessor, PhiTruthTable) {
  const int32_t image = 9, eos = 2;
  EXPECT_EQ(idefics_phi(Ids{1, 5, 9, 5, 2, 5, 9, 5}, image, eos, 2), (Ids{0, 0, 1, 1, 1, 0, 2, 2}));
  EXPECT_EQ(idefics_phi(Ids{9, 9, 9, 5}, image, eos, 2), (Ids{1, 2, 0, 0}));
  EXPECT_EQ(idefics_phi(Ids{2, 9, 5}, image, eos, 1), (Ids{0, 1, 1}));
  EXPECT_EQ(idefics_phi(Ids{2, 9, 2, 5}, image, std::nullopt, 1), (Ids{0, 1, 1, 1}));
}

TEST(IdeficsProcessor, RefusesWhatItCannotDo) {
  const auto message = [](std::vector<Prompt> prompts) {
    return testing::error_of([&] { process_idefics(tiny(), prompts); });
  };
  EXPECT_NE(message({}).find("prompt"), std::string::npos);
  Prompt video;
  video.items = {VideoItem{"v.mp4"}};
  EXPECT_NE(message({video}).find("video"), std::string::npos);
  Prompt typed;
  typed.items = {TextItem{"look: <image>"}};
  EXPECT_NE(message({typed}).find("1 marks and 0 images"), std::string::npos);
  const text::Tokenizer& gpt2 = testing::golden_tokenizer("gpt2");
  EXPECT_NE(testing::error_of([&] { process_idefics(gpt2, {Prompt{}}); }).find("<image>"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::prompt
