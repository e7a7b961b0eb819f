#include "flamingo/media/variation.h"

#include <gtest/gtest.h>

#include <numbers>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "tests/support/rounding.h"

namespace flamingo::media {
namespace {

constexpr float kThirdOfCircle = 2 * std::numbers::pi_v<float> / 3;

Image rgb(int64_t height, int64_t width, std::vector<uint8_t> pixels) {
  return {.height = height, .width = width, .pixels = std::move(pixels)};
}

std::vector<uint8_t> varied(const Variation& variation, Image image) {
  apply_variation(variation, image);
  return image.pixels;
}

using Pixels = std::vector<uint8_t>;

TEST(Variation, NothingChangesNothing) {
  const Pixels pixels = {0, 1, 2, 254, 255, 3};
  EXPECT_EQ(varied({}, rgb(1, 2, pixels)), pixels);
  EXPECT_EQ(varied({.colour = true}, rgb(1, 2, pixels)), pixels) << "factors of 1";
}

TEST(Variation, FlipMirrorsEachRow) {
  EXPECT_EQ(
      varied({.flip = true}, rgb(2, 3, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6})),
      (Pixels{3, 3, 3, 2, 2, 2, 1, 1, 1, 6, 6, 6, 5, 5, 5, 4, 4, 4}));
}

TEST(Variation, AThirdOfTheCircleTurnsRedToGreenToBlue) {
  const Variation third{.colour = true, .hue = kThirdOfCircle};
  EXPECT_EQ(varied(third, rgb(1, 1, {200, 0, 0})), (Pixels{0, 200, 0}));
  EXPECT_EQ(varied(third, rgb(1, 1, {0, 200, 0})), (Pixels{0, 0, 200}));
  EXPECT_EQ(varied(third, rgb(1, 1, {90, 90, 90})), (Pixels{90, 90, 90}));
}

TEST(Variation, SaturationZeroGivesGrey) {
  const auto pixels = varied({.colour = true, .saturation = 0}, rgb(1, 1, {100, 50, 200}));
  EXPECT_EQ(pixels, (Pixels{82, 82, 82}));  // 0.299 * 100 + 0.587 * 50 + 0.114 * 200
}

TEST(Variation, ContrastIsAboutTheMeanAndBrightnessAboutBlack) {
  const Image two = rgb(1, 2, {100, 100, 100, 200, 200, 200});
  EXPECT_EQ(varied({.colour = true, .contrast = 0.5}, two), (Pixels{125, 125, 125, 175, 175, 175}));
  EXPECT_EQ(varied({.colour = true, .brightness = 1.5}, two),
            (Pixels{150, 150, 150, 255, 255, 255}));
  EXPECT_EQ(varied({.colour = true, .brightness = 0.5, .contrast = 0.5}, two),
            (Pixels{63, 63, 63, 88, 88, 88}));
}

TEST(Variation, DrawsStayInTheirRangesAndUseThem) {
  const VariationConfig config;
  int flips = 0, colours = 0;
  float least = 2, most = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Rng rng(seed);
    const Variation draw = sample_variation(config, rng);
    flips += draw.flip;
    colours += draw.colour;
    least = std::min(least, draw.contrast);
    most = std::max(most, draw.contrast);
    EXPECT_LE(std::abs(draw.hue),
              config.hue * 2 * std::numbers::pi + testing::rounding<float>(2, 1));
  }
  EXPECT_NEAR(flips, 500, 64);  // 4 standard deviations
  EXPECT_NEAR(colours, 800, 51);
  EXPECT_GE(least, 0.8f);
  EXPECT_LT(least, 0.81f);
  EXPECT_LE(most, 1.2f);
  EXPECT_GT(most, 1.19f);
}

TEST(Variation, RefusesOtherModesAndRanges) {
  Image grey{.height = 1, .width = 1, .mode = PixelMode::kGrey, .pixels = {1}};
  EXPECT_THROW(apply_variation({}, grey), Error);
  EXPECT_THROW(VariationConfig{.flip = 2}.validate(), Error);
  EXPECT_THROW(VariationConfig{.hue = 0.6}.validate(), Error);
  EXPECT_NO_THROW(VariationConfig{}.validate());
}

}  // namespace
}  // namespace flamingo::media
