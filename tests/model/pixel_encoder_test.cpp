#include "flamingo/model/pixel_encoder.h"

#include <gtest/gtest.h>

#include "flamingo/model/freeze.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/support/tolerance.h"

namespace flamingo::model {
namespace {

/// [2 x 35, 3, 16, 16], more than a frozen encoder takes at once.
torch::Tensor pictures() { return testing::some_pixels(2, 35).flatten(0, 2); }

TEST(PixelEncoder, FrozenItGivesTheSameFeaturesWithoutAGraph) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  freeze(model, {});
  const auto pixels = pictures();
  ASSERT_GT(pixels.size(0), kEncodedAtOnce);
  const auto whole = model->vision_encoder->forward(pixels);
  const auto features = pixel_encoder(model, false)(pixels);
  // The stem, and a block of four convolutions with squeeze and excitation.
  const int64_t terms = 3 * 9 + 2 * (16 + 2 * 4 * 9 + 16 + 2 * 16) + 4 * testing::kFunction;
  EXPECT_TRUE(testing::agree(features, whole, {.terms = terms}));
  EXPECT_FALSE(features.requires_grad());
}

TEST(PixelEncoder, TrainedItKeepsAGraph) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  freeze(model, {.vision = true});
  EXPECT_TRUE(pixel_encoder(model, true)(pictures()).requires_grad());
}

}  // namespace
}  // namespace flamingo::model
