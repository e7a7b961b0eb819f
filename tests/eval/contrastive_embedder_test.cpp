#include "flamingo/eval/contrastive_embedder.h"

#include <gtest/gtest.h>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/pictures/tiny_pictures.h"
#include "tests/support/tolerance.h"

namespace flamingo::eval {
namespace {

/// Of unit vectors: one layer over up to 5 tokens and the projections around it, or the encoder's
/// convolutions and a pooling.
constexpr testing::Rounding kRounding{
    .terms = 12 + (4 * 8 + 8 + 4 + 5 + 16) + 300 + 16 + 8 * testing::kFunction, .norm = 1};

vision::ContrastiveConfig tiny_heads() {
  return {.embed_dim = 6,
          .text_width = 8,
          .text_layers = 1,
          .text_heads = 2,
          .text_mlp_mult = 2,
          .max_tokens = 5};
}

text::Tokenizer letters() {
  const Json file = {{"model",
                      {{"type", "BPE"},
                       {"vocab", {{"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}}},
                       {"merges", {"a b"}}}}};
  return text::Tokenizer::from_json(file.dump(), "letters");
}

class EmbedderTest : public ::testing::Test {
 protected:
  EmbedderTest() {
    nn::init_weights(*encoder_, 1);
    nn::init_weights(*heads_, 2);
    encoder_->eval();
    write_heads(folder_.file("heads"));
  }
  void write_heads(const std::string& path) const {
    checkpoint::write_weights_folder(path, {{"contrastive", config_to_json(tiny_heads())}},
                                     checkpoint::state_dict_of(*heads_));
  }
  ContrastiveEmbedder open(const std::string& name) {
    return {folder_.file(name), encoder_.ptr(), {letters(), table_}, renderer_};
  }

  testing::TemporaryFolder folder_;
  data::ViewRenderer renderer_{testing::tiny_pictures(folder_, 8, 4),
                               {},
                               {.size = 16, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}},
                               1};
  vision::Nfnet encoder_{*testing::tiny_flamingo().vision.as<vision::NfnetConfig>(),
                         torch::TensorOptions()};
  const torch::Tensor table_ = torch::linspace(-1, 1, 4 * 12).view({4, 12}).sin();
  vision::Contrastive heads_{tiny_heads(), encoder_->dim(), 12, torch::TensorOptions()};
};

TEST_F(EmbedderTest, TextsAreThoseOfTheHeads) {
  const torch::NoGradGuard no_grad;
  const std::vector<std::string> texts = {"ab", "cabcab", "b"};
  const auto got = open("heads").embed_texts(texts);
  ASSERT_EQ(got.sizes(), (std::vector<int64_t>{3, 6}));
  const auto ids = torch::tensor({{3, 0, 0, 0}, {2, 3, 2, 3}, {1, 0, 0, 0}});
  const auto mask = torch::tensor({{1, 0, 0, 0}, {1, 1, 1, 1}, {1, 0, 0, 0}});
  EXPECT_TRUE(testing::agree(got, heads_->embed_texts(ids, mask, table_), kRounding));
}

TEST_F(EmbedderTest, LongTextsAreCut) {
  const std::vector<std::string> texts = {"ccccc", "cccccccc"};
  const auto got = open("heads").embed_texts(texts);
  EXPECT_TRUE(testing::agree(got[0], got[1], kRounding));
}

TEST_F(EmbedderTest, PicturesAreThoseOfTheEncoderAndTheHeads) {
  const torch::NoGradGuard no_grad;
  std::vector<data::ViewRef> views;  // more than are encoded at once
  for (int64_t i = 0; i < 70; ++i) views.push_back({.picture = i % 12, .view = i / 12});
  const auto got = open("heads").embed_pictures(views);
  ASSERT_EQ(got.sizes(), (std::vector<int64_t>{70, 6}));
  const auto expected = heads_->embed_images(encoder_->forward(renderer_.render(views)));
  EXPECT_TRUE(testing::agree(got, expected, kRounding));
}

TEST_F(EmbedderTest, NamesWhatIsMissingOrForeign) {
  EXPECT_THROW(open("none"), Error);
  write_heads(folder_.file("no_key"));
  write_file_atomic(folder_.file("no_key/config.json"), "{}");
  EXPECT_THROW(open("no_key"), Error);
  write_heads(folder_.file("other"));
  auto config = tiny_heads();
  config.text_width = 10;
  write_file_atomic(folder_.file("other/config.json"),
                    Json{{"contrastive", config_to_json(config)}}.dump());
  EXPECT_THROW(open("other"), Error);
}

}  // namespace
}  // namespace flamingo::eval
