#include "flamingo/pictures/backdrop.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace flamingo::pictures {
namespace {

enum class Texture { kGradient, kStripes, kChecks, kBlobs };

/// How much of the second colour stands at phases (x, y), in periods.
float mix_at(Texture texture, float x, float y) {
  switch (texture) {
    case Texture::kGradient:
      return std::clamp(x + 0.5f, 0.0f, 1.0f);
    case Texture::kStripes:
      return x - std::floor(x) < 0.5f ? 0.0f : 1.0f;
    case Texture::kChecks:
      return (x - std::floor(x) < 0.5f) == (y - std::floor(y) < 0.5f) ? 0.0f : 1.0f;
    case Texture::kBlobs: {
      const float fx = x - std::floor(x) - 0.5f;
      const float fy = y - std::floor(y) - 0.5f;
      return std::clamp(1.5f - 5 * (fx * fx + fy * fy) / 0.5f, 0.0f, 1.0f);
    }
  }
  return 0;
}

}  // namespace

Colour random_colour(Rng& rng, double low, double high) {
  Colour colour;
  for (float& channel : colour) channel = static_cast<float>(rng.uniform(low, high));
  return colour;
}

void paint_plain(const Colour& colour, int64_t side, std::span<float> planes) {
  const int64_t area = side * side;
  for (int64_t c = 0; c < 3; ++c) std::fill_n(planes.begin() + c * area, area, colour[c]);
}

void paint_texture(const Colour& first, const Colour& second, int64_t side, Rng& rng,
                   std::span<float> planes) {
  const int64_t area = side * side;
  const auto texture = static_cast<Texture>(rng.below(4));
  const double angle = rng.uniform(0, 2 * std::numbers::pi);
  const double periods = texture == Texture::kGradient ? 1.0 : rng.uniform(1.5, 8.0);
  const auto shift = static_cast<float>(texture == Texture::kGradient ? 0 : rng.uniform());
  const auto cosine = static_cast<float>(std::cos(angle) * periods / static_cast<double>(side));
  const auto sine = static_cast<float>(std::sin(angle) * periods / static_cast<double>(side));
  const float half = static_cast<float>(side) / 2;
  for (int64_t row = 0; row < side; ++row) {
    const float v = static_cast<float>(row) - half;
    for (int64_t column = 0; column < side; ++column) {
      const float u = static_cast<float>(column) - half;
      const float mix = mix_at(texture, cosine * u + sine * v + shift, cosine * v - sine * u);
      float* to = planes.data() + row * side + column;
      for (int64_t c = 0; c < 3; ++c) to[c * area] = first[c] + mix * (second[c] - first[c]);
    }
  }
}

void erase_rectangle(int64_t side, Rng& rng, std::span<float> planes) {
  const double share = rng.uniform(0.02, 0.2);
  const double aspect = std::exp(rng.uniform(-1, 1));
  const double extent = static_cast<double>(side);
  const auto width = std::clamp<int64_t>(std::lround(extent * std::sqrt(share * aspect)), 1, side);
  const auto height = std::clamp<int64_t>(std::lround(extent * std::sqrt(share / aspect)), 1, side);
  const auto left = static_cast<int64_t>(rng.below(static_cast<uint64_t>(side - width + 1)));
  const auto top = static_cast<int64_t>(rng.below(static_cast<uint64_t>(side - height + 1)));
  const Colour colour = random_colour(rng, 0, 1);
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t row = top; row < top + height; ++row) {
      std::fill_n(planes.begin() + (c * side + row) * side + left, width, colour[c]);
    }
  }
}

void lay_over(std::span<const float> premultiplied, float opacity, int64_t side,
              std::span<float> planes) {
  const int64_t area = side * side;
  const float* alpha = premultiplied.data() + 3 * area;
  for (int64_t c = 0; c < 3; ++c) {
    const float* over = premultiplied.data() + c * area;
    float* under = planes.data() + c * area;
    for (int64_t i = 0; i < area; ++i) {
      under[i] = opacity * over[i] + (1 - opacity * alpha[i]) * under[i];
    }
  }
}

}  // namespace flamingo::pictures
