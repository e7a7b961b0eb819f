#include "flamingo/pictures/augment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/config.h"
#include "tests/pictures/tiny_pictures.h"
#include "tests/support/rounding.h"

namespace flamingo::pictures {
namespace {

constexpr int64_t kAugmentSide = 32;
const media::TransformConfig kTransform{
    .size = kAugmentSide, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};
constexpr size_t kSize = 3 * kAugmentSide * kAugmentSide;
/// Of normalised pixels: a place among a drawing's, whose rounding shifts the mixture of the two
/// beside it, and some sums and products more.
const double kTolerance = testing::rounding<float>(2 * testing::kTinySide + 8, 1);

/// Nothing varies.
AugmentConfig still() {
  return {.zoom = 1,
          .rotation = 0,
          .min_scale = 1,
          .max_scale = 1,
          .aspect = 0,
          .shear = 0,
          .shift = 0,
          .mirror = 0,
          .warp = 0,
          .warp_size = 0,
          .colour_mix = 0,
          .grey = 0,
          .invert = 0,
          .posterise = 0,
          .brightness = 0,
          .contrast = 0,
          .recolour_outline = 0,
          .thickness = 0,
          .white_background = 1,
          .textured_background = 0,
          .distractor = 0,
          .erase = 0,
          .noise = 0};
}

/// A square that is red on its left half and blue on its right half.
media::Image two_halves() {
  auto image = testing::square_drawing({255, 0, 0}, 8);
  for (int64_t row = 0; row < testing::kTinySide; ++row) {
    for (int64_t column = testing::kTinySide / 2; column < testing::kTinySide; ++column) {
      uint8_t* at = image.pixels.data() + (row * testing::kTinySide + column) * 4;
      if (at[3]) at[0] = 0, at[2] = 255;
    }
  }
  return image;
}

float at(const std::vector<float>& view, int64_t channel, int64_t row, int64_t column) {
  return view[static_cast<size_t>((channel * kAugmentSide + row) * kAugmentSide + column)];
}

TEST(Augmenter, CleanIsCentredOnWhite) {
  Augmenter augmenter(still(), kTransform);
  std::vector<float> view(kSize);
  augmenter.clean(two_halves(), view);
  EXPECT_FLOAT_EQ(at(view, 1, 0, 0), 1.0f);  // white is 1 after normalising
  EXPECT_FLOAT_EQ(at(view, 0, kAugmentSide / 2, kAugmentSide / 4), 1.0f);  // red half
  EXPECT_FLOAT_EQ(at(view, 2, kAugmentSide / 2, kAugmentSide / 4), -1.0f);
  EXPECT_FLOAT_EQ(at(view, 2, kAugmentSide / 2, kAugmentSide * 3 / 4), 1.0f);  // blue half
  EXPECT_FLOAT_EQ(at(view, 0, kAugmentSide / 2, kAugmentSide * 3 / 4), -1.0f);
}

TEST(Augmenter, WithoutVariationAViewIsTheCleanOne) {
  Augmenter augmenter(still(), kTransform);
  std::vector<float> clean(kSize), view(kSize);
  augmenter.clean(two_halves(), clean);
  Rng rng(5);
  const auto pixels = two_halves();
  augmenter.augment({.picture = pixels}, rng, view);
  for (size_t i = 0; i < kSize; ++i) ASSERT_NEAR(view[i], clean[i], kTolerance) << i;
}

TEST(Augmenter, MirrorsOnlyWhereAllowed) {
  AugmentConfig config = still();
  config.mirror = 1;
  Augmenter augmenter(config, kTransform);
  std::vector<float> view(kSize);
  Rng rng(5);
  const auto pixels = two_halves();
  augmenter.augment({.picture = pixels}, rng, view);
  EXPECT_NEAR(at(view, 2, kAugmentSide / 2, kAugmentSide / 4), 1.0f, kTolerance);
  augmenter.augment({.picture = pixels, .mirrorable = false}, rng, view);
  EXPECT_NEAR(at(view, 0, kAugmentSide / 2, kAugmentSide / 4), 1.0f, kTolerance);
}

TEST(Augmenter, GreyViewsHaveEqualChannels) {
  AugmentConfig config;
  config.grey = 1;
  config.erase = 0;
  config.noise = 0;
  Augmenter augmenter(config, kTransform);
  std::vector<float> view(kSize);
  Rng rng(9);
  const auto pixels = two_halves();
  augmenter.augment({.picture = pixels}, rng, view);
  for (int64_t i = 0; i < kAugmentSide * kAugmentSide; ++i) {
    ASSERT_FLOAT_EQ(view[i], view[i + kAugmentSide * kAugmentSide]);
    ASSERT_FLOAT_EQ(view[i], view[i + 2 * kAugmentSide * kAugmentSide]);
  }
}

TEST(Augmenter, LinesStayVisible) {
  AugmentConfig config = still();
  config.recolour_outline = 0.8;
  config.white_background = 0.3;
  config.textured_background = 0.3;
  Augmenter augmenter(config, kTransform);
  const auto lines = testing::square_drawing({0, 0, 0}, 20);
  std::vector<float> view(kSize);
  Rng rng(11);
  for (int i = 0; i < 200; ++i) {
    augmenter.augment({.picture = lines, .line_art = true}, rng, view);
    const float line = at(view, 1, kAugmentSide / 2, kAugmentSide / 2);
    const float behind = at(view, 1, 1, 1);
    ASSERT_GT(std::abs(line - behind), 0.25f) << i;
  }
}

TEST(Augmenter, DefaultsVaryAndStayInRange) {
  Augmenter augmenter({}, kTransform);
  const auto pixels = two_halves();
  std::vector<float> first(kSize), second(kSize);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    augmenter.augment({.picture = pixels, .line_art = seed % 3 == 0}, rng, first);
    augmenter.augment({.picture = pixels, .line_art = seed % 3 == 0}, rng, second);
    EXPECT_NE(first, second);
    for (const float value : first) ASSERT_TRUE(value >= -1 && value <= 1);
  }
}

TEST(Augmenter, SameStateSameView) {
  Augmenter augmenter({}, kTransform);
  Augmenter other({}, kTransform);
  const auto pixels = two_halves();
  std::vector<float> first(kSize), second(kSize);
  Rng warm_up(1);
  augmenter.augment({.picture = pixels}, warm_up, first);  // scratch space must not matter
  Rng rng(4), same(4);
  augmenter.augment({.picture = pixels, .distractor = [&] { return pixels; }}, rng, first);
  other.augment({.picture = pixels, .distractor = [&] { return pixels; }}, same, second);
  EXPECT_EQ(first, second);
}

TEST(Augmenter, DistractorChangesTheBackgroundOnly) {
  AugmentConfig config = still();
  config.distractor = 1;
  Augmenter augmenter(config, kTransform);
  const auto pixels = two_halves();
  const auto behind = testing::square_drawing({0, 0, 0}, 2);
  std::vector<float> view(kSize), clean(kSize);
  augmenter.clean(pixels, clean);
  int changed = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    augmenter.augment({.picture = pixels, .distractor = [&] { return behind; }}, rng, view);
    EXPECT_NEAR(at(view, 0, kAugmentSide / 2, kAugmentSide / 4), 1.0f, kTolerance);
    changed += view != clean;
  }
  EXPECT_GT(changed, 10);
}

TEST(Augmenter, RefusesBadInput) {
  AugmentConfig config;
  config.grey = 1.5;
  EXPECT_THROW(Augmenter(config, kTransform), Error);
  config = {};
  config.min_scale = 2;
  EXPECT_THROW(Augmenter(config, kTransform), Error);
  EXPECT_THROW(Augmenter({}, media::TransformConfig{.size = 0}), Error);
  Augmenter augmenter({}, kTransform);
  std::vector<float> view(kSize);
  EXPECT_THROW(augmenter.clean(media::Image{.height = 2, .width = 3}, view), Error);
  std::vector<float> small(5);
  EXPECT_THROW(augmenter.clean(two_halves(), small), Error);
}

}  // namespace
}  // namespace flamingo::pictures
