#include "flamingo/pictures/backdrop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/support/rounding.h"

namespace flamingo::pictures {
namespace {

constexpr int64_t kBackdropSide = 16;
constexpr int64_t kArea = kBackdropSide * kBackdropSide;

TEST(RandomColour, StaysInItsRange) {
  Rng rng(1);
  for (int i = 0; i < 100; ++i) {
    for (const float channel : random_colour(rng, 0.2, 0.4)) {
      EXPECT_GE(channel, 0.2f);
      EXPECT_LE(channel, 0.4f);
    }
  }
}

TEST(PaintPlain, FillsEachPlane) {
  std::vector<float> planes(3 * kArea);
  paint_plain({0.1f, 0.2f, 0.3f}, kBackdropSide, planes);
  EXPECT_EQ(std::ranges::count(planes, 0.1f), kArea);
  EXPECT_EQ(planes[2 * kArea], 0.3f);
}

TEST(PaintTexture, StaysBetweenTheTwoColours) {
  Rng rng(2);
  std::vector<float> planes(3 * kArea);
  int varied = 0;
  for (int i = 0; i < 60; ++i) {
    paint_texture({0.2f, 0.9f, 0.5f}, {0.6f, 0.1f, 0.5f}, kBackdropSide, rng, planes);
    const auto [low, high] = std::minmax_element(planes.begin(), planes.begin() + kArea);
    EXPECT_GE(*low, 0.2f - testing::rounding<float>(3, 1));
    EXPECT_LE(*high, 0.6f + testing::rounding<float>(3, 1));
    EXPECT_FLOAT_EQ(planes[2 * kArea + 5], 0.5f);
    varied += *high > *low + 0.1f;
  }
  EXPECT_GT(varied, 55);
}

TEST(EraseRectangle, ChangesTwoToTwentyPercent) {
  Rng rng(3);
  for (int i = 0; i < 100; ++i) {
    std::vector<float> planes(3 * kArea, -1.0f);
    erase_rectangle(kBackdropSide, rng, planes);
    const auto changed = kArea - std::count(planes.begin(), planes.begin() + kArea, -1.0f);
    EXPECT_GE(changed, kArea / 100);
    EXPECT_LE(changed, kArea / 4);
    const std::set<float> values(planes.begin(), planes.begin() + kArea);
    EXPECT_EQ(values.size(), 2u);
  }
}

TEST(LayOver, CompositesPremultipliedColours) {
  std::vector<float> over(4 * kArea, 0.0f);
  over[0] = 0.25f;  // red, half covered
  over[3 * kArea] = 0.5f;
  std::vector<float> planes(3 * kArea, 1.0f);
  lay_over(over, 1, kBackdropSide, planes);
  EXPECT_FLOAT_EQ(planes[0], 0.75f);
  EXPECT_FLOAT_EQ(planes[kArea], 0.5f);
  EXPECT_FLOAT_EQ(planes[1], 1.0f);
  std::vector<float> faded(3 * kArea, 1.0f);
  lay_over(over, 0.5f, kBackdropSide, faded);
  EXPECT_FLOAT_EQ(faded[0], 0.125f + 0.75f);
}

}  // namespace
}  // namespace flamingo::pictures
