#include "flamingo/pictures/raster.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::pictures {
namespace {

/// The four channels at a fractional place; x and y count from the border's corner and lie in
/// [0, side + 1).
inline std::array<float, 4> bilinear(const float* rgba, int64_t stride, float x, float y) {
  const int32_t column = static_cast<int32_t>(x);
  const int32_t row = static_cast<int32_t>(y);
  const float right = x - static_cast<float>(column);
  const float lower = y - static_cast<float>(row);
  const float* top = rgba + (row * stride + column) * 4;
  const float* bottom = top + stride * 4;
  std::array<float, 4> mixed;
  for (int c = 0; c < 4; ++c) {
    const float above = top[c] + right * (top[c + 4] - top[c]);
    const float below = bottom[c] + right * (bottom[c + 4] - bottom[c]);
    mixed[c] = above + lower * (below - above);
  }
  return mixed;
}

}  // namespace

void load_sprite(std::span<const uint8_t> pixels, int64_t side, Sprite& sprite) {
  if (std::ssize(pixels) != side * side * 4)
    fail("load_sprite", "expected {} bytes, got {}", side * side * 4, pixels.size());
  sprite.side = side;
  const int64_t stride = sprite.stride();
  sprite.rgba.assign(static_cast<size_t>(stride * stride * 4), 0.0f);
  for (int64_t row = 0; row < side; ++row) {
    const uint8_t* in = pixels.data() + row * side * 4;
    float* out = sprite.rgba.data() + ((row + 1) * stride + 1) * 4;
    for (int64_t column = 0; column < side; ++column, in += 4, out += 4) {
      const float alpha = static_cast<float>(in[3]) * (1.0f / 255);
      for (int c = 0; c < 3; ++c) out[c] = static_cast<float>(in[c]) * (alpha / 255);
      out[3] = alpha;
    }
  }
}

void thicken_sprite(Sprite& sprite) {
  const int64_t stride = sprite.stride();
  const std::vector<float> old = sprite.rgba;
  const std::array<int64_t, 4> neighbours = {-4, 4, -4 * stride, 4 * stride};
  for (int64_t row = 1; row <= sprite.side; ++row) {
    for (int64_t column = 1; column <= sprite.side; ++column) {
      const int64_t here = (row * stride + column) * 4;
      int64_t best = here;
      for (const int64_t step : neighbours) {
        if (old[here + step + 3] > old[best + 3]) best = here + step;
      }
      std::copy_n(old.data() + best, 4, sprite.rgba.data() + here);
    }
  }
}

void recolour_sprite(Sprite& sprite, const std::array<float, 3>& colour) {
  for (size_t i = 0; i + 3 < sprite.rgba.size(); i += 4) {
    for (size_t c = 0; c < 3; ++c) sprite.rgba[i + c] = colour[c] * sprite.rgba[i + 3];
  }
}

void sample_sprite(const Sprite& sprite, const Placement& placement, int64_t side,
                   std::span<float> out) {
  const auto& [a, b, c, d, e, f] = placement.affine;
  const int64_t area = side * side;
  const float limit = static_cast<float>(sprite.side) + 1;
  std::fill_n(out.begin(), area * 4, 0.0f);
  for (int64_t row = 0; row < side; ++row) {
    const float v = (static_cast<float>(row) + 0.5f) / static_cast<float>(side) - 0.5f;
    const float bend_x = placement.bend_x.empty() ? 0.0f : placement.bend_x[row];
    const float row_x = b * v + c + bend_x + 0.5f;  // + 1 for the border, - 0.5 for pixel centres
    const float row_y = e * v + f + 0.5f;
    for (int64_t column = 0; column < side; ++column) {
      const float u = (static_cast<float>(column) + 0.5f) / static_cast<float>(side) - 0.5f;
      const float x = a * u + row_x;
      const float y = d * u + row_y + (placement.bend_y.empty() ? 0.0f : placement.bend_y[column]);
      if (!(x >= 0 && x < limit && y >= 0 && y < limit)) continue;
      const auto pixel = bilinear(sprite.rgba.data(), sprite.stride(), x, y);
      float* to = out.data() + row * side + column;
      for (int64_t channel = 0; channel < 4; ++channel) to[channel * area] = pixel[channel];
    }
  }
}

}  // namespace flamingo::pictures
