#include "flamingo/media/variation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "flamingo/core/checked.h"
#include "flamingo/core/config.h"

namespace flamingo::media {
namespace {

constexpr std::array<float, 3> kGrey = {0.299f, 0.587f, 0.114f};  // BT.601 luma

/// out = matrix x rgb + offset
struct ColourMap {
  std::array<float, 9> matrix;
  float offset;
};

double mean_grey(const Image& image) {
  std::array<uint64_t, 3> sum = {};
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) sum[c] += image.pixels[i + c];
  }
  double grey = 0;
  for (size_t c = 0; c < 3; ++c) grey += kGrey[c] * static_cast<double>(sum[c]);
  return grey / (static_cast<double>(image.pixels.size()) / 3);
}

/// Turns colours about the grey axis by `angle`, keeping their sum (the rotation matrix about
/// (1, 1, 1)), then moves them away from or towards their own grey.
std::array<float, 9> hue_and_saturation(float angle, float saturation) {
  const float cosine = std::cos(angle);
  const float even = (1 - cosine) / 3;
  const float odd = std::sin(angle) * std::numbers::inv_sqrt3_v<float>;
  const std::array<float, 9> turn = {cosine + even, even - odd,    even + odd,
                                     even + odd,    cosine + even, even - odd,
                                     even - odd,    even + odd,    cosine + even};
  std::array<float, 9> result{};
  for (size_t column = 0; column < 3; ++column) {
    float grey = 0;
    for (size_t c = 0; c < 3; ++c) grey += kGrey[c] * turn[c * 3 + column];
    for (size_t row = 0; row < 3; ++row) {
      result[row * 3 + column] = saturation * turn[row * 3 + column] + (1 - saturation) * grey;
    }
  }
  return result;
}

ColourMap colour_map(const Variation& variation, double mean) {
  ColourMap map{.matrix = hue_and_saturation(variation.hue, variation.saturation)};
  for (float& entry : map.matrix) entry *= variation.contrast * variation.brightness;
  map.offset = (1 - variation.contrast) * static_cast<float>(mean) * variation.brightness;
  return map;
}

void mirror(Image& image) {
  for (int64_t row = 0; row < image.height; ++row) {
    uint8_t* left = image.pixels.data() + row * image.width * 3;
    uint8_t* right = left + (image.width - 1) * 3;
    for (; left < right; left += 3, right -= 3) std::swap_ranges(left, left + 3, right);
  }
}

void recolour(const ColourMap& map, Image& image) {
  const auto& m = map.matrix;
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    uint8_t* pixel = image.pixels.data() + i;
    const std::array<float, 3> rgb = {static_cast<float>(pixel[0]), static_cast<float>(pixel[1]),
                                      static_cast<float>(pixel[2])};
    for (size_t c = 0; c < 3; ++c) {
      const float value =
          m[c * 3] * rgb[0] + m[c * 3 + 1] * rgb[1] + m[c * 3 + 2] * rgb[2] + map.offset;
      pixel[c] = static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
    }
  }
}

}  // namespace

void VariationConfig::validate() const {
  constexpr const char* kWhere = "variation";
  require_within(kWhere, "flip", flip, 0, 1);
  require_within(kWhere, "colour", colour, 0, 1);
  require_within(kWhere, "brightness", brightness, 0, 1);
  require_within(kWhere, "contrast", contrast, 0, 1);
  require_within(kWhere, "saturation", saturation, 0, 1);
  require_within(kWhere, "hue", hue, 0, 0.5);
}

Variation sample_variation(const VariationConfig& config, Rng& rng) {
  const auto around = [&](double centre, double reach) {
    return static_cast<float>(centre + rng.uniform(-reach, reach));
  };
  Variation variation;
  variation.flip = rng.coin(config.flip);
  variation.colour = rng.coin(config.colour);
  variation.brightness = around(1, config.brightness);
  variation.contrast = around(1, config.contrast);
  variation.saturation = around(1, config.saturation);
  variation.hue = around(0, config.hue * 2 * std::numbers::pi);
  return variation;
}

void apply_variation(const Variation& variation, Image& image) {
  require(image.mode == PixelMode::kRgb, "apply_variation", "expected an RGB picture, got {}",
          enum_name(image.mode));
  if (variation.flip) mirror(image);
  if (variation.colour && !image.pixels.empty()) {
    recolour(colour_map(variation, mean_grey(image)), image);
  }
}

}  // namespace flamingo::media
