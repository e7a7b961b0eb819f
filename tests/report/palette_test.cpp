#include "flamingo/report/palette.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace flamingo::report {
namespace {

double linear(const std::string& hex, size_t at) {
  const double c = std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

/// WCAG 2 relative luminance.
double luminance(const std::string& hex) {
  return 0.2126 * linear(hex, 1) + 0.7152 * linear(hex, 3) + 0.0722 * linear(hex, 5);
}

double distance(const std::string& a, const std::string& b) {
  double sum = 0;
  for (const size_t at : {1, 3, 5}) {
    const double difference =
        std::stoi(a.substr(at, 2), nullptr, 16) - std::stoi(b.substr(at, 2), nullptr, 16);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

void expect_seen_on_light_and_dark(const std::string& hex) {
  ASSERT_EQ(hex.size(), 7u);
  EXPECT_GT(1.05 / (luminance(hex) + 0.05), 2.0) << hex << " on white";
  EXPECT_GT((luminance(hex) + 0.05) / (0.0065 + 0.05), 2.0) << hex << " on #121212";
}

TEST(Palette, CategoriesStayApartAndAreSeen) {
  for (size_t i = 0; i < 8; ++i) {
    expect_seen_on_light_and_dark(category_colour(i));
    for (size_t k = 0; k < i; ++k)
      EXPECT_GT(distance(category_colour(i), category_colour(k)), 45) << i << " " << k;
  }
  EXPECT_EQ(category_colour(8), category_colour(0));
}

TEST(Palette, TheRampOf24LayersIsSeenAndNeverRepeats) {
  for (size_t i = 0; i < 24; ++i) {
    expect_seen_on_light_and_dark(ramp_colour(i, 24));
    for (size_t k = 0; k < i; ++k)
      EXPECT_GT(distance(ramp_colour(i, 24), ramp_colour(k, 24)), 8) << i << " " << k;
  }
  EXPECT_GT(distance(ramp_colour(0, 24), ramp_colour(23, 24)), 150);
  EXPECT_EQ(ramp_colour(0, 1), ramp_colour(0, 24));
}

TEST(Palette, SixDashPatternsDiffer) {
  std::set<std::string> patterns;
  for (size_t i = 0; i < 6; ++i) patterns.insert(dash_pattern(i));
  EXPECT_EQ(patterns.size(), 6u);
  EXPECT_EQ(dash_pattern(0), "");
  EXPECT_EQ(dash_pattern(6), "");
}

}  // namespace
}  // namespace flamingo::report
