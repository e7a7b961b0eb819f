#include "flamingo/media/convert.h"

#include <algorithm>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

/// a * b / 255, rounded.
uint8_t mul_div_255(uint32_t a, uint32_t b) {
  const uint32_t product = a * b + 128;
  return static_cast<uint8_t>((product + (product >> 8)) >> 8);
}

void expand_cmyk(const uint8_t* cmyk, uint8_t* rgba) {
  const int light = 255 - cmyk[3];
  for (int c = 0; c < 3; ++c) {
    rgba[c] = static_cast<uint8_t>(std::clamp(light - mul_div_255(cmyk[c], light), 0, 255));
  }
}

/// One pixel of any mode as straight RGBA, the mask left out.
void expand_pixel(const Image& image, const uint8_t* pixel, uint8_t* rgba) {
  rgba[3] = 255;
  switch (image.mode) {
    case PixelMode::kBilevel:
    case PixelMode::kGrey:
    case PixelMode::kGreyAlpha:
      rgba[0] = rgba[1] = rgba[2] = pixel[0];
      if (image.mode == PixelMode::kGreyAlpha) rgba[3] = pixel[1];
      break;
    case PixelMode::kPalette:
      std::copy_n(image.palette.data() + size_t{4} * pixel[0], 4, rgba);
      break;
    case PixelMode::kRgb:
      std::copy_n(pixel, 3, rgba);
      break;
    case PixelMode::kRgba:
      std::copy_n(pixel, 4, rgba);
      break;
    case PixelMode::kCmyk:
      expand_cmyk(pixel, rgba);
      break;
  }
}

void check_image(const Image& image, const char* where) {
  require(image.height >= 1 && image.width >= 1 &&
              static_cast<int64_t>(image.pixels.size()) ==
                  image.height * image.width * image.channels(),
          where, "expected pixels [H, W, C], got {} bytes for {} x {} x {}", image.pixels.size(),
          image.height, image.width, image.channels());
  require(
      image.mask.empty() || static_cast<int64_t>(image.mask.size()) == image.height * image.width,
      where, "expected a mask [H, W], got {} bytes for {} x {}", image.mask.size(), image.height,
      image.width);
  require(image.mode != PixelMode::kPalette || image.palette.size() == 4 * 256, where,
          "expected a palette of 256 RGBA entries, got {} bytes", image.palette.size());
}

/// All pixels expanded, the first `channels` of RGBA kept.
Image expand(const Image& image, PixelMode mode) {
  Image result{image.height, image.width, mode, {}, {}, {}};
  const int64_t channels = result.channels();
  result.pixels.resize(image.height * image.width * channels);
  uint8_t rgba[4];
  for (int64_t i = 0; i < image.height * image.width; ++i) {
    expand_pixel(image, image.pixels.data() + i * image.channels(), rgba);
    if (!image.mask.empty()) rgba[3] = image.mask[i];
    std::copy_n(rgba, channels, result.pixels.data() + i * channels);
  }
  return result;
}

/// Pillow's alpha_composite of one channel over an opaque white: 7 extra bits of precision.
uint8_t over_white(uint32_t value, uint32_t alpha) {
  constexpr uint32_t kBits = 7;
  const uint32_t weight = alpha * 255 * (1u << kBits) / 255;
  const uint32_t sum = value * weight + 255 * (255 * (1u << kBits) - weight) + (0x80u << kBits);
  return static_cast<uint8_t>(((sum >> 8) + sum) >> 8 >> kBits);
}

}  // namespace

Image convert_to_rgb(const Image& image) {
  check_image(image, "convert_to_rgb");
  const bool is_rgb = image.mode == PixelMode::kRgb && image.mask.empty();
  return is_rgb ? image : expand(image, PixelMode::kRgb);
}

Image convert_to_rgba(const Image& image) {
  check_image(image, "convert_to_rgba");
  return image.mode == PixelMode::kRgba ? image : expand(image, PixelMode::kRgba);
}

Image composite_over_white(const Image& image) {
  check_image(image, "composite_over_white");
  if (image.mode == PixelMode::kRgb && image.mask.empty()) return image;
  const Image rgba = convert_to_rgba(image);
  Image result{image.height, image.width, PixelMode::kRgb, {}, {}, {}};
  result.pixels.resize(image.height * image.width * 3);
  for (int64_t i = 0; i < image.height * image.width; ++i) {
    const uint8_t* pixel = rgba.pixels.data() + 4 * i;
    for (int c = 0; c < 3; ++c) result.pixels[3 * i + c] = over_white(pixel[c], pixel[3]);
  }
  return result;
}

void premultiply(Image& image) {
  const int64_t channels = image.channels();
  for (size_t i = 0; i < image.pixels.size(); i += channels) {
    const uint8_t alpha = image.pixels[i + channels - 1];
    for (int64_t c = 0; c < channels - 1; ++c) {
      image.pixels[i + c] = mul_div_255(image.pixels[i + c], alpha);
    }
  }
}

void unpremultiply(Image& image) {
  const int64_t channels = image.channels();
  for (size_t i = 0; i < image.pixels.size(); i += channels) {
    const uint32_t alpha = image.pixels[i + channels - 1];
    if (alpha == 0 || alpha == 255) continue;
    for (int64_t c = 0; c < channels - 1; ++c) {
      image.pixels[i + c] =
          static_cast<uint8_t>(std::min<uint32_t>(255, 255u * image.pixels[i + c] / alpha));
    }
  }
}

}  // namespace flamingo::media
