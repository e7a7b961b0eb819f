#include "flamingo/report/palette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace flamingo::report {
namespace {

using Rgb = std::array<double, 3>;

/// Oklch to linear sRGB, which may leave 0..1. hue in degrees.
Rgb linear_rgb(double lightness, double chroma, double hue) {
  const double angle = hue * std::numbers::pi / 180;
  const double a = chroma * std::cos(angle), b = chroma * std::sin(angle);
  const auto cubed = [](double x) { return x * x * x; };
  const double l = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

bool displayable(const Rgb& rgb) {
  return std::all_of(rgb.begin(), rgb.end(), [](double c) { return c >= 0 && c <= 1; });
}

std::string hex(const Rgb& rgb) {
  int bytes[3];
  for (size_t i = 0; i < 3; ++i) {
    const double c = std::clamp(rgb[i], 0.0, 1.0);
    const double encoded = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
    bytes[i] = static_cast<int>(std::lround(255 * encoded));
  }
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", bytes[0], bytes[1], bytes[2]);
  return text;
}

}  // namespace

std::string category_colour(size_t i) {
  static constexpr std::array<const char*, 8> kColours = {
      "#2f7fd6", "#e0662b", "#1f9e77", "#c94f9c", "#b08a00", "#7a68d8", "#27a3b8", "#8a8f98"};
  return kColours[i % kColours.size()];
}

std::string ramp_colour(size_t i, size_t count) {
  constexpr double kFirstHue = 275, kLastHue = 20, kLowest = 0.52, kHighest = 0.72, kChroma = 0.19;
  const double t = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0;
  const double hue = kFirstHue + (kLastHue - kFirstHue) * t;
  const double lightness = kLowest + (kHighest - kLowest) * std::sin(std::numbers::pi * t);
  double chroma = kChroma;
  while (chroma > 0 && !displayable(linear_rgb(lightness, chroma, hue))) chroma -= 0.005;
  return hex(linear_rgb(lightness, chroma, hue));
}

std::string dash_pattern(size_t i) {
  static constexpr std::array<const char*, 6> kPatterns = {"",        "7 3",  "2 3",
                                                           "9 3 2 3", "14 4", "2 3 2 7"};
  return kPatterns[i % kPatterns.size()];
}

}  // namespace flamingo::report
