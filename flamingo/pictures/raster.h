#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace flamingo::pictures {

/// A drawing as premultiplied floats in [0, 1], RGBA, with a clear border of one pixel:
/// [side + 2, side + 2, 4].
struct Sprite {
  int64_t side = 0;
  std::vector<float> rgba;

  int64_t stride() const { return side + 2; }
};

/// Fills `sprite` from straight-alpha RGBA bytes [side, side, 4].
void load_sprite(std::span<const uint8_t> pixels, int64_t side, Sprite& sprite);

/// Spreads every shape by a pixel: each pixel takes the most opaque of itself and its 4 neighbours.
void thicken_sprite(Sprite& sprite);

/// Replaces all colours by one, keeping the alpha.
void recolour_sprite(Sprite& sprite, const std::array<float, 3>& colour);

/// Where each output pixel is read: source x = a u + b v + c + bend_x[row],
/// y = d u + e v + f + bend_y[column]; u, v in [-0.5, 0.5] from the output's centre, source
/// coordinates in pixels from the drawing's top left corner.
struct Placement {
  std::array<float, 6> affine = {};
  std::vector<float> bend_x;  ///< [S], by row; empty for none
  std::vector<float> bend_y;  ///< [S], by column; empty for none
};

/// Bilinear samples of `sprite` as premultiplied planes out [4, S, S]; outside is clear.
void sample_sprite(const Sprite& sprite, const Placement& placement, int64_t side,
                   std::span<float> out);

}  // namespace flamingo::pictures
