#include "flamingo/media/image.h"

#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/orientation.h"
#include "flamingo/media/probe.h"

namespace flamingo::media {
namespace {

using Decoder = DecodedFile (*)(std::span<const std::byte>, const std::string&, const ImageLimits&);

Decoder decoder_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return decode_jpeg;
    case ImageFormat::kPng:
      return decode_png;
    case ImageFormat::kWebp:
      return decode_webp;
    case ImageFormat::kAvif:
      return decode_avif;
    default:
      return decode_gif;
  }
}

}  // namespace

int64_t channels_of(PixelMode mode) {
  switch (mode) {
    case PixelMode::kBilevel:
    case PixelMode::kGrey:
    case PixelMode::kPalette:
      return 1;
    case PixelMode::kGreyAlpha:
      return 2;
    case PixelMode::kRgb:
      return 3;
    default:
      return 4;
  }
}

void check_extents(int64_t height, int64_t width, const std::string& where,
                   const ImageLimits& limits) {
  const std::string got = ", got " + std::to_string(width) + " x " + std::to_string(height);
  require(height >= 1 && width >= 1, where, "expected at least one pixel{}", got);
  require(height <= limits.max_side && width <= limits.max_side, where,
          "expected sides of at most {} pixels{}", limits.max_side, got);
  require(height * width <= limits.max_pixels, where, "expected at most {} pixels{}",
          limits.max_pixels, got);
}

Image decode_image(std::span<const std::byte> bytes, const std::string& where,
                   const DecodeOptions& options) {
  require(!bytes.empty(), where, "expected a picture, got an empty file");
  require(bytes.size() <= options.limits.max_bytes, where, "expected at most {} bytes, got {}",
          options.limits.max_bytes, bytes.size());
  const ImageFormat format = expect_image_format(bytes, where);
  require(bytes.size() >= 12, where, "expected a whole picture, got {} bytes", bytes.size());
  DecodedFile file = decoder_of(format)(bytes, where, options.limits);
  if (!options.apply_orientation || file.orientation == 1) return std::move(file.image);
  return apply_orientation(file.image, file.orientation);
}

Image load_image(const std::string& path, const DecodeOptions& options) {
  const std::string bytes = read_file(path, options.limits.max_bytes);
  return decode_image(std::as_bytes(std::span(bytes)), path, options);
}

}  // namespace flamingo::media
