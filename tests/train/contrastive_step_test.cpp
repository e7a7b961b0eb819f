#include "flamingo/train/contrastive_step.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/nn/init.h"
#include "tests/support/rounding.h"

namespace flamingo::train {
namespace {

vision::EncoderConfig tiny_encoder() {
  vision::NfnetConfig encoder = vision::nfnet_preset("nfnet-pictogram");
  encoder.image_size = 16;
  encoder.stem_channels = {8};
  encoder.stem_strides = {2};
  encoder.depths = {1, 1};
  encoder.widths = {8, 16};
  encoder.strides = {1, 2};
  encoder.stochastic_depth = 0.5;
  return encoder;
}

class ContrastiveStepTest : public ::testing::Test {
 protected:
  ContrastiveStepTest() {
    nn::init_weights(towers_, 3);
    rows_.pixels = torch::randn({10, 3, 16, 16});
    rows_.captions = {torch::randint(0, 20, {10, 4}, torch::kInt64),
                      torch::ones({10, 4}, torch::kInt64)};
    rows_.concepts = torch::arange(10) % 5;
    for (uint64_t i = 0; i < 10; ++i) rows_.drop_seeds.push_back(100 + i);
  }
  /// The gradients so far, which are then gone.
  std::map<std::string, torch::Tensor> take_gradients() {
    std::map<std::string, torch::Tensor> gradients;
    for (const auto& parameter : towers_.named_parameters()) {
      gradients[parameter.key()] = parameter.value().grad().clone();
      parameter.value().mutable_grad().reset();
    }
    return gradients;
  }

  TwoTowers towers_{tiny_encoder(),
                    {.embed_dim = 8,
                     .text_width = 16,
                     .text_layers = 1,
                     .text_heads = 2,
                     .max_tokens = 4,
                     .view_weight = 0.5},
                    12};
  const torch::Tensor table_ = torch::randn({20, 12});
  CaptionedRows rows_;
};

TEST_F(ContrastiveStepTest, CachedGradientsAreThoseOfThePlainStep) {
  const GlobalLoss plain =
      global_loss(towers_.contrastive, embed(towers_, rows_, table_), rows_.concepts, {});
  plain.share.backward();
  const auto expected = take_gradients();
  for (const int64_t piece : {1, 3, 5}) {
    const CachedGradients cached(towers_, rows_, piece, table_, {});
    double sum = 0;
    for (int64_t first = 0; first < 10; first += piece) {
      const auto loss =
          cached.piece_loss(towers_, rows_, first, std::min<int64_t>(piece, 10 - first), table_);
      sum += loss.item<double>();
      loss.backward();
    }
    // A gradient of norm 1 is summed over 10 rows of 64 pixels, forward and back.
    EXPECT_NEAR(sum, plain.loss, testing::rounding<float>(4 * 640, plain.loss)) << piece;
    EXPECT_EQ(cached.loss().image_to_text, plain.image_to_text);
    for (const auto& [name, gradient] : take_gradients()) {
      const auto& right = expected.at(name);
      const double norm = std::max(1.0, right.abs().max().item<double>());
      EXPECT_LT((gradient - right).abs().max().item<double>(),
                testing::rounding<float>(2 * 10 * 64, norm))
          << name << ' ' << piece;
    }
  }
}

TEST_F(ContrastiveStepTest, RetrievalCountsAnyPictureOfTheConcept) {
  const auto axes = torch::eye(4);
  const auto [to_text, to_image] =
      retrieval(axes, axes.flip({0}), torch::tensor({0, 1, 1, 0}, torch::kInt64));
  EXPECT_EQ(to_text, 1);
  EXPECT_EQ(to_image, 1);
  const auto [wrong, right] = retrieval(axes, axes.roll(1, 0), torch::tensor({0, 1, 2, 0}));
  EXPECT_EQ(wrong, 0.25);
  EXPECT_EQ(right, 0.25);
}

TEST_F(ContrastiveStepTest, SlicesAreRowsOfAllFields) {
  const CaptionedRows part = rows_.slice(3, 2);
  EXPECT_TRUE(part.pixels.equal(rows_.pixels.slice(0, 3, 5)));
  EXPECT_TRUE(part.captions.ids.equal(rows_.captions.ids.slice(0, 3, 5)));
  EXPECT_TRUE(part.concepts.equal(rows_.concepts.slice(0, 3, 5)));
  EXPECT_EQ(part.drop_seeds, (std::vector<uint64_t>{103, 104}));
}

}  // namespace
}  // namespace flamingo::train
