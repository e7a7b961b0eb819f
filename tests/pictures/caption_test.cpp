#include "flamingo/pictures/caption.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace flamingo::pictures {
namespace {

TEST(SampleCaption, FollowsTheConfiguredShares) {
  const PictureClass apple{.name = "red apple", .tags = {"fruit", "health", "tree", "red"}};
  Rng rng(7);
  std::map<std::string, int> kinds;
  constexpr int kCount = 4000;
  for (int i = 0; i < kCount; ++i) {
    const std::string caption = sample_caption(apple, {}, rng);
    const bool named = caption.starts_with("red apple");
    EXPECT_LE(std::ranges::count(caption, ','), named ? 3 : 2) << caption;
    ++kinds[caption == "red apple" ? "name" : named ? "both" : "tags"];
  }
  EXPECT_NEAR(kinds["name"], 0.5 * kCount, 150);
  EXPECT_NEAR(kinds["tags"], 0.3 * kCount, 150);
  EXPECT_NEAR(kinds["both"], 0.2 * kCount, 150);
}

TEST(SampleCaption, NeverRepeatsATagAndFallsBackToTheName) {
  Rng rng(3);
  const PictureClass two{.name = "x", .tags = {"a", "b"}};
  for (int i = 0; i < 200; ++i) {
    const std::string caption = sample_caption(two, {.name = 0, .tags = 1}, rng);
    EXPECT_TRUE(caption == "a" || caption == "b" || caption == "a, b" || caption == "b, a");
  }
  EXPECT_EQ(sample_caption({.name = "bare"}, {.name = 0, .tags = 1}, rng), "bare");
}

}  // namespace
}  // namespace flamingo::pictures
