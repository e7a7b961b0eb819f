#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "flamingo/media/image.h"

namespace flamingo::media {

/// Pillow's filters of the same names.
enum class ResizeFilter { kNearest, kBilinear, kBicubic };

constexpr std::array<std::pair<ResizeFilter, const char*>, 3> enum_table(ResizeFilter) {
  return {{{ResizeFilter::kNearest, "nearest"},
           {ResizeFilter::kBilinear, "bilinear"},
           {ResizeFilter::kBicubic, "bicubic"}}};
}

/// Resizes [H, W, C] to [height, width, C] with antialiasing, bit-equal to Pillow's
/// Image.resize (13.0) on 8-bit images: a horizontal and a vertical pass in fixed point, rounded to
/// 8 bits after each. Palette and bilevel images are always resized by nearest neighbour, colours
/// with alpha premultiplied. The mask of a colour key is left out: composite_over_white first.
/// Throws Error unless height and width are in [1, 32768].
Image resize(const Image& image, int64_t height, int64_t width,
             ResizeFilter filter = ResizeFilter::kBicubic);

/// A box of pixels: [top, top + height) x [left, left + width).
struct PixelBox {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
};

/// crop(resize(image, height, width, filter), part), but only the part is computed: a strip of
/// 1 x 16,384 pixels scaled to a shorter side of 320 would be 5 million pixels long.
/// Throws Error unless the part is inside of [height, width], each in [1, 2^30].
Image resize_part(const Image& image, int64_t height, int64_t width, const PixelBox& part,
                  ResizeFilter filter = ResizeFilter::kBicubic);

/// The pixels of `part`, which must lie inside of the image; without the mask of a colour key.
Image crop(const Image& image, const PixelBox& part);

}  // namespace flamingo::media
