#include "flamingo/pictures/raster.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "tests/support/rounding.h"

namespace flamingo::pictures {
namespace {

using testing::rounding;

constexpr int64_t kRasterSide = 4;

/// 4 x 4, each pixel another colour, alpha falling.
std::vector<uint8_t> ramp() {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < kRasterSide * kRasterSide; ++i) {
    for (const int value : {i * 15, 255 - i * 15, 100, 255 - i * 10}) {
      pixels.push_back(static_cast<uint8_t>(value));
    }
  }
  return pixels;
}

TEST(LoadSprite, PremultipliesAndKeepsABorder) {
  Sprite sprite;
  load_sprite(ramp(), kRasterSide, sprite);
  ASSERT_EQ(sprite.rgba.size(), 6u * 6 * 4);
  EXPECT_EQ(sprite.rgba[3], 0.0f);
  const float* third = sprite.rgba.data() + (1 * 6 + 3) * 4;  // row 0, column 2
  EXPECT_NEAR(third[3], 235 / 255.0, rounding<float>(1, 1));
  EXPECT_NEAR(third[0], 30 / 255.0 * 235 / 255.0, rounding<float>(3, 1));
  EXPECT_THROW(load_sprite(ramp(), 5, sprite), Error);
}

TEST(SampleSprite, IdentityGivesThePixels) {
  Sprite sprite;
  load_sprite(ramp(), kRasterSide, sprite);
  std::vector<float> out(4 * 16);
  sample_sprite(sprite,
                {.affine = {kRasterSide, 0, kRasterSide / 2, 0, kRasterSide, kRasterSide / 2}},
                kRasterSide, out);
  for (int row = 0; row < kRasterSide; ++row) {
    for (int column = 0; column < kRasterSide; ++column) {
      for (int c = 0; c < 4; ++c) {
        EXPECT_NEAR(
            out[(c * kRasterSide + row) * kRasterSide + column],
            sprite.rgba[((row + 1) * 6 + column + 1) * 4 + c],
            rounding<float>(3 * kRasterSide, 1));  // a place to kRasterSide, and its mixture
      }
    }
  }
}

/// The definition: a weighted sum over all pixels with the tent function.
std::array<double, 4> tent_sum(const Sprite& sprite, double x, double y) {
  std::array<double, 4> sum{};
  for (int64_t row = 0; row < sprite.side; ++row) {
    for (int64_t column = 0; column < sprite.side; ++column) {
      const double weight = std::max(0.0, 1 - std::abs(x - 0.5 - static_cast<double>(column))) *
                            std::max(0.0, 1 - std::abs(y - 0.5 - static_cast<double>(row)));
      for (size_t c = 0; c < 4; ++c) {
        sum[c] += weight * sprite.rgba[((row + 1) * sprite.stride() + column + 1) * 4 + c];
      }
    }
  }
  return sum;
}

TEST(SampleSprite, MatchesTheDefinitionUnderAnyPlacement) {
  Sprite sprite;
  load_sprite(ramp(), kRasterSide, sprite);
  constexpr int64_t kOut = 7;
  const Placement placement{.affine = {3.1f, -2.3f, 1.7f, 1.9f, 4.4f, 2.2f},
                            .bend_x = {0, 0.3f, -0.2f, 0.6f, 0, 0.1f, -0.9f},
                            .bend_y = {0.5f, 0, 0, -0.4f, 0.2f, 1.1f, 0}};
  const double tolerance = rounding<float>(4 * (2 * 5 + 4), 1);  // places up to 5, four pixels
  std::vector<float> out(4 * kOut * kOut);
  sample_sprite(sprite, placement, kOut, out);
  for (int64_t row = 0; row < kOut; ++row) {
    for (int64_t column = 0; column < kOut; ++column) {
      const double u = (column + 0.5) / kOut - 0.5;
      const double v = (row + 0.5) / kOut - 0.5;
      const auto& a = placement.affine;
      const auto expected = tent_sum(sprite, a[0] * u + a[1] * v + a[2] + placement.bend_x[row],
                                     a[3] * u + a[4] * v + a[5] + placement.bend_y[column]);
      for (int64_t c = 0; c < 4; ++c) {
        EXPECT_NEAR(out[(c * kOut + row) * kOut + column], expected[c], tolerance) << row << column;
      }
    }
  }
}

TEST(SampleSprite, FarAwayAndNotANumberAreClear) {
  Sprite sprite;
  load_sprite(ramp(), kRasterSide, sprite);
  std::vector<float> out(4 * 16, 1);
  for (const float offset : {1e9f, -1e9f, std::nanf("")}) {
    sample_sprite(sprite, {.affine = {4, 0, offset, 0, 4, 2}}, kRasterSide, out);
    for (const float value : out) EXPECT_EQ(value, 0.0f);
  }
}

TEST(ThickenSprite, SpreadsByOnePixelInFourDirections) {
  std::vector<uint8_t> pixels(5 * 5 * 4, 0);
  const std::array<uint8_t, 4> dot = {255, 0, 0, 255};
  std::copy(dot.begin(), dot.end(), pixels.begin() + (2 * 5 + 2) * 4);
  Sprite sprite;
  load_sprite(pixels, 5, sprite);
  thicken_sprite(sprite);
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 5; ++column) {
      const bool near = std::abs(row - 2) + std::abs(column - 2) <= 1;
      EXPECT_EQ(sprite.rgba[((row + 1) * 7 + column + 1) * 4 + 3], near ? 1.0f : 0.0f);
    }
  }
}

TEST(RecolourSprite, KeepsTheAlpha) {
  Sprite sprite;
  load_sprite(ramp(), kRasterSide, sprite);
  const Sprite before = sprite;
  recolour_sprite(sprite, {0.5f, 1, 0});
  for (size_t i = 0; i < sprite.rgba.size(); i += 4) {
    EXPECT_EQ(sprite.rgba[i + 3], before.rgba[i + 3]);
    EXPECT_FLOAT_EQ(sprite.rgba[i], 0.5f * before.rgba[i + 3]);
    EXPECT_EQ(sprite.rgba[i + 2], 0.0f);
  }
}

}  // namespace
}  // namespace flamingo::pictures
