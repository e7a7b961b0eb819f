#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace flamingo::media {

/// Pixel layouts as a file stores them (Pillow's modes); they decide how a picture is resized.
enum class PixelMode { kBilevel, kGrey, kGreyAlpha, kPalette, kRgb, kRgba, kCmyk };

constexpr std::array<std::pair<PixelMode, const char*>, 7> enum_table(PixelMode) {
  return {{{PixelMode::kBilevel, "bilevel"},
           {PixelMode::kGrey, "grey"},
           {PixelMode::kGreyAlpha, "grey_alpha"},
           {PixelMode::kPalette, "palette"},
           {PixelMode::kRgb, "rgb"},
           {PixelMode::kRgba, "rgba"},
           {PixelMode::kCmyk, "cmyk"}}};
}

/// Bytes of one pixel: 1, 1, 2, 1, 3, 4, 4 in the order of PixelMode.
int64_t channels_of(PixelMode mode);

/// 8-bit pixels [H, W, C], C by mode. Bilevel stores 0 or 255; alpha is straight.
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  PixelMode mode = PixelMode::kRgb;
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> palette;  ///< kPalette only: RGBA of 256 entries
  std::vector<uint8_t> mask;     ///< kBilevel, kGrey, kRgb: [H, W], 0 where the file's colour key
                                 ///< makes a pixel see-through, else 255; empty without a key

  int64_t channels() const { return channels_of(mode); }
};

/// What a decoder may cost, applied from the header before anything is allocated.
struct ImageLimits {
  int64_t max_side = 16384;
  int64_t max_pixels = 64ll << 20;
  uint64_t max_bytes = 20ull << 20;  ///< of the file

  template <class Visitor>
  void visit(Visitor& v) {
    v("max_side", max_side, "most pixels of the longer side");
    v("max_pixels", max_pixels, "most pixels");
    v("max_bytes", max_bytes, "largest file in bytes");
  }
};

/// How a picture is decoded.
struct DecodeOptions {
  ImageLimits limits;
  bool apply_orientation = true;  ///< EXIF's, and AVIF's own; false reproduces the peers on PIL
                                  ///< images
};

/// Decodes JPEG, PNG, WebP, GIF or AVIF (first frame), told apart by their first bytes.
/// `where` names the picture in errors. Throws Error: unknown format, damaged, over a limit.
Image decode_image(std::span<const std::byte> bytes, const std::string& where,
                   const DecodeOptions& options = {});
/// Reads and decodes a file.
Image load_image(const std::string& path, const DecodeOptions& options = {});

/// Pillow's convert("RGB"): alpha is dropped, palettes and CMYK are expanded.
Image convert_to_rgb(const Image& image);

/// PNG bytes of a grey, RGB or RGBA image (for reports and tests).
std::string encode_png(const Image& image);

}  // namespace flamingo::media
