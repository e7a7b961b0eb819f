#include "flamingo/media/image.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/orientation.h"

namespace flamingo {
namespace {

using Decoder = DecodedFile (*)(std::span<const std::byte>, const std::string&, const ImageLimits&);

/// The decoder for the file's first bytes, or null.
Decoder decoder_of(std::string_view head) {
  if (head.starts_with("\xFF\xD8\xFF")) return decode_jpeg;
  if (head.starts_with("\x89PNG\r\n\x1A\n")) return decode_png;
  if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) return decode_gif;
  if (head.starts_with("RIFF") && head.substr(8).starts_with("WEBP")) return decode_webp;
  return nullptr;
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
  require(height >= 1 && width >= 1, where, "expected at least one pixel" + got);
  require(height <= limits.max_side && width <= limits.max_side, where,
          "expected sides of at most " + std::to_string(limits.max_side) + " pixels" + got);
  require(height * width <= limits.max_pixels, where,
          "expected at most " + std::to_string(limits.max_pixels) + " pixels" + got);
}

Image decode_image(std::span<const std::byte> bytes, const std::string& where,
                   const DecodeOptions& options) {
  require(!bytes.empty(), where, "expected a picture, got an empty file");
  require(bytes.size() <= options.limits.max_bytes, where,
          "expected at most " + std::to_string(options.limits.max_bytes) + " bytes, got " +
              std::to_string(bytes.size()));
  const size_t head_size = std::min<size_t>(bytes.size(), 12);
  const std::string head(reinterpret_cast<const char*>(bytes.data()), head_size);
  const Decoder decode = head.size() < 12 ? nullptr : decoder_of(head);
  require(decode != nullptr, where,
          "expected a JPEG, PNG, WebP or GIF picture, got a file that starts otherwise");
  DecodedFile file = decode(bytes, where, options.limits);
  if (!options.apply_exif_orientation) return std::move(file.image);
  const int orientation = exif_orientation(file.exif);
  if (orientation == 1) return std::move(file.image);
  return apply_orientation(file.image, orientation);
}

Image load_image(const std::string& path, const DecodeOptions& options) {
  const std::string bytes = read_file(path, options.limits.max_bytes);
  return decode_image(std::as_bytes(std::span(bytes)), path, options);
}

}  // namespace flamingo
