#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace flamingo::media {

/// Picture formats that decode_image knows; their names are file extensions.
enum class ImageFormat { kJpeg, kPng, kWebp, kGif, kAvif };

constexpr std::array<std::pair<ImageFormat, const char*>, 5> enum_table(ImageFormat) {
  return {{{ImageFormat::kJpeg, "jpg"},
           {ImageFormat::kPng, "png"},
           {ImageFormat::kWebp, "webp"},
           {ImageFormat::kGif, "gif"},
           {ImageFormat::kAvif, "avif"}}};
}

/// What a header says. Width and height are those of the stored pixels: an EXIF orientation that
/// swaps them is not applied, nor is AVIF's rotation; an animation has those of its canvas.
struct ImageInfo {
  ImageFormat format = ImageFormat::kJpeg;
  int64_t width = 0;
  int64_t height = 0;
};

/// The format that the first bytes tell, or nothing.
std::optional<ImageFormat> image_format(std::span<const std::byte> bytes);
/// The same. Throws Error when there is none, saying what the file is instead.
ImageFormat expect_image_format(std::span<const std::byte> bytes, const std::string& where);

/// Format and extents of a picture of which `bytes` are the first: 30 bytes are enough but for a
/// JPEG, whose extents follow its metadata, and for AVIF, whose boxes may stand anywhere. No pixel
/// is decoded, and nothing after the header is checked. `where` names the picture. Throws Error:
/// unknown format, header damaged or cut off, an extent of 0.
ImageInfo probe_image(std::span<const std::byte> bytes, const std::string& where);

}  // namespace flamingo::media
