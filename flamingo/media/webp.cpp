#include <webp/decode.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "flamingo/core/error.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/orientation.h"

namespace flamingo::media {
namespace {

constexpr size_t kRiffHeader = 12;
constexpr size_t kChunkHeader = 8;

uint32_t little_endian(std::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) << (8 * i);
  }
  return value;
}

std::string le_bytes(uint32_t value, size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 255);
  return bytes;
}

/// The content of the first chunk called `name`, or empty.
std::string_view find_chunk(std::string_view riff, std::string_view name) {
  size_t at = kRiffHeader;
  while (at + kChunkHeader <= riff.size()) {
    const size_t length = little_endian(riff, at + 4, 4);
    if (length > riff.size() - at - kChunkHeader) break;
    if (riff.substr(at, 4) == name) return riff.substr(at + kChunkHeader, length);
    at += kChunkHeader + length + length % 2;
  }
  return {};
}

std::span<const uint8_t> as_octets(std::string_view bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

WebPBitstreamFeatures features_of(std::string_view bytes, const std::string& where) {
  WebPBitstreamFeatures features;
  const auto octets = as_octets(bytes);
  require(WebPGetFeatures(octets.data(), octets.size(), &features) == VP8_STATUS_OK, where,
          "expected a WebP header, got a damaged or truncated file");
  return features;
}

/// A still WebP file -> RGB, or RGBA where the file has alpha (or `force_alpha`).
Image decode_still(std::string_view bytes, const std::string& where, const ImageLimits& limits,
                   bool force_alpha) {
  const WebPBitstreamFeatures features = features_of(bytes, where);
  check_extents(features.height, features.width, where, limits);
  const bool alpha = force_alpha || features.has_alpha != 0;
  Image image{
      features.height, features.width, alpha ? PixelMode::kRgba : PixelMode::kRgb, {}, {}, {}};
  const int64_t stride = image.width * image.channels();
  image.pixels.resize(stride * image.height);
  const auto octets = as_octets(bytes);
  const auto decode = alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  require(decode(octets.data(), octets.size(), image.pixels.data(), image.pixels.size(),
                 static_cast<int>(stride)) != nullptr,
          where, "expected a whole WebP, got damaged or truncated data");
  return image;
}

/// The first animation frame (an ANMF chunk) as a still file of its own.
std::string still_file_of(std::string_view frame, uint32_t width, uint32_t height) {
  constexpr size_t kFrameHeader = 16;
  constexpr uint32_t kAlphaFlag = 0x10;
  const std::string extended = "VP8X" + le_bytes(10, 4) + le_bytes(kAlphaFlag, 4) +
                               le_bytes(width - 1, 3) + le_bytes(height - 1, 3);
  const std::string_view chunks = frame.substr(kFrameHeader);
  const auto size = static_cast<uint32_t>(4 + extended.size() + chunks.size());
  return "RIFF" + le_bytes(size, 4) + "WEBP" + extended + std::string(chunks);
}

/// The first frame of an animation on its transparent canvas.
Image decode_animation(std::string_view bytes, const std::string& where,
                       const ImageLimits& limits) {
  constexpr size_t kFrameHeader = 16;
  const WebPBitstreamFeatures features = features_of(bytes, where);
  check_extents(features.height, features.width, where, limits);
  const std::string_view frame = find_chunk(bytes, "ANMF");
  require(frame.size() > kFrameHeader, where, "expected an animation frame, got a truncated file");
  const int64_t left = int64_t{2} * little_endian(frame, 0, 3);
  const int64_t top = int64_t{2} * little_endian(frame, 3, 3);
  const uint32_t width = little_endian(frame, 6, 3) + 1;
  const uint32_t height = little_endian(frame, 9, 3) + 1;
  require(left + width <= features.width && top + height <= features.height, where,
          "expected a frame inside of its canvas, got one outside");
  const Image still = decode_still(still_file_of(frame, width, height), where, limits, true);
  require(still.width == width && still.height == height, where,
          "expected a frame of its declared size {} x {}, got {} x {}", width, height, still.width,
          still.height);
  Image canvas{features.height, features.width, PixelMode::kRgba, {}, {}, {}};
  canvas.pixels.resize(4 * canvas.height * canvas.width);
  for (int64_t y = 0; y < still.height; ++y) {
    std::copy_n(still.pixels.data() + 4 * y * still.width, 4 * still.width,
                canvas.pixels.data() + 4 * ((top + y) * canvas.width + left));
  }
  return features.has_alpha != 0 ? canvas : convert_to_rgb(canvas);
}

}  // namespace

DecodedFile decode_webp(std::span<const std::byte> bytes, const std::string& where,
                        const ImageLimits& limits) {
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  DecodedFile file;
  file.image = features_of(view, where).has_animation != 0
                   ? decode_animation(view, where, limits)
                   : decode_still(view, where, limits, false);
  std::string_view exif = find_chunk(view, "EXIF");
  if (exif.starts_with(std::string_view("Exif\0\0", 6))) exif.remove_prefix(6);
  file.orientation = exif_orientation(std::string(exif));
  return file;
}

}  // namespace flamingo::media
