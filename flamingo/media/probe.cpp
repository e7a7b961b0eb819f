#include "flamingo/media/probe.h"

#include <algorithm>
#include <string_view>

#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/io/file_kind.h"
#include "flamingo/media/codec.h"

namespace flamingo::media {
namespace {

struct Extents {
  int64_t width = 0;
  int64_t height = 0;
};

uint16_t read_big16(io::ByteReader& reader) { return __builtin_bswap16(reader.read<uint16_t>()); }
uint32_t read_big32(io::ByteReader& reader) { return __builtin_bswap32(reader.read<uint32_t>()); }

uint32_t read_little24(io::ByteReader& reader) {
  const uint32_t low = reader.read<uint16_t>();
  return low | static_cast<uint32_t>(reader.read<uint8_t>()) << 16;
}

/// Start of frame of any coding process; 0xC4, 0xC8 and 0xCC are other segments.
bool is_frame_header(uint8_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// Markers that no length follows: TEM, RST0 to RST7, SOI.
bool stands_alone(uint8_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8); }

/// The next marker; bytes before it and fill bytes are skipped, as decoders do.
uint8_t next_marker(io::ByteReader& reader) {
  while (reader.read<uint8_t>() != 0xff) {
  }
  uint8_t marker = 0xff;
  while (marker == 0xff) marker = reader.read<uint8_t>();
  return marker;
}

Extents probe_jpeg(io::ByteReader reader) {
  reader.take(2);
  while (true) {
    const uint8_t marker = next_marker(reader);
    if (marker == 0 || stands_alone(marker)) continue;
    require(marker != 0xd9 && marker != 0xda, reader.where(),
            "expected a JPEG frame header before the pixels, got none");
    const uint16_t length = read_big16(reader);
    require(length >= 2, reader.where(), "expected a JPEG segment of 2 bytes or more, got less");
    if (is_frame_header(marker)) {
      reader.take(1);  // bits of a sample
      const int64_t height = read_big16(reader);
      return {read_big16(reader), height};
    }
    reader.take(length - 2);
  }
}

Extents probe_png(io::ByteReader reader) {
  reader.take(12);  // signature and length
  require(reader.take_text(4) == "IHDR", reader.where(),
          "expected a PNG whose first chunk is IHDR, got other bytes");
  const int64_t width = read_big32(reader);
  return {width, read_big32(reader)};
}

Extents probe_gif(io::ByteReader reader) {
  reader.take(6);
  const int64_t width = reader.read<uint16_t>();
  return {width, reader.read<uint16_t>()};
}

/// Key frame header of VP8 (RFC 6386, section 9.1).
Extents probe_vp8(io::ByteReader reader) {
  const uint32_t tag = read_little24(reader);
  require((tag & 1) == 0 && read_little24(reader) == 0x2a019d, reader.where(),
          "expected a WebP key frame, got other bytes");
  const int64_t width = reader.read<uint16_t>() & 0x3fff;
  return {width, reader.read<uint16_t>() & 0x3fff};
}

/// Header of a lossless WebP: a signature, then 14 bits of width - 1 and of height - 1.
Extents probe_vp8l(io::ByteReader reader) {
  const auto signature = reader.read<uint8_t>();
  require(signature == 0x2f, reader.where(), "expected the signature of lossless WebP, 47, got {}",
          signature);
  const auto bits = reader.read<uint32_t>();
  return {int64_t{bits & 0x3fff} + 1, int64_t{bits >> 14 & 0x3fff} + 1};
}

Extents probe_webp(io::ByteReader reader) {
  reader.take(12);
  const std::string_view chunk = reader.take_text(4);
  reader.take(4);
  if (chunk == "VP8 ") return probe_vp8(reader);
  if (chunk == "VP8L") return probe_vp8l(reader);
  require(chunk == "VP8X", reader.where(),
          "expected a WebP chunk VP8, VP8L or VP8X, got other bytes");
  reader.take(4);  // flags
  const int64_t width = int64_t{read_little24(reader)} + 1;
  return {width, int64_t{read_little24(reader)} + 1};
}

Extents probe_avif(io::ByteReader reader) {
  const auto [width, height] =
      avif_extents(reader.take(reader.remaining()), std::string(reader.where()));
  return {width, height};
}

/// A file type box (ISO/IEC 14496-12, 4.3) with the brand of AVIF pictures or sequences.
bool is_avif(std::string_view file) {
  constexpr size_t kBox = 8, kBrands = 16;
  if (file.size() < kBrands || file.substr(4, 4) != "ftyp") return false;
  io::ByteReader reader(std::as_bytes(std::span(file)), "ftyp");
  const size_t end = std::min<size_t>(read_big32(reader), file.size());
  const auto is_brand = [&](size_t at) {
    return file.substr(at, 4) == "avif" || file.substr(at, 4) == "avis";
  };
  if (is_brand(kBox)) return true;
  for (size_t at = kBrands; at + 4 <= end; at += 4) {
    if (is_brand(at)) return true;
  }
  return false;
}

Extents probe_extents(ImageFormat format, const io::ByteReader& reader) {
  switch (format) {
    case ImageFormat::kJpeg:
      return probe_jpeg(reader);
    case ImageFormat::kPng:
      return probe_png(reader);
    case ImageFormat::kWebp:
      return probe_webp(reader);
    case ImageFormat::kAvif:
      return probe_avif(reader);
    default:
      return probe_gif(reader);
  }
}

}  // namespace

std::optional<ImageFormat> image_format(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 12));
  if (head.starts_with("\xFF\xD8\xFF")) return ImageFormat::kJpeg;
  if (head.starts_with("\x89PNG\r\n\x1A\n")) return ImageFormat::kPng;
  if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) return ImageFormat::kGif;
  if (head.size() == 12 && head.starts_with("RIFF") && head.ends_with("WEBP"))
    return ImageFormat::kWebp;
  constexpr size_t kMostBrands = 256;  // bytes
  if (is_avif({head.data(), std::min(bytes.size(), kMostBrands)})) return ImageFormat::kAvif;
  return std::nullopt;
}

ImageFormat expect_image_format(std::span<const std::byte> bytes, const std::string& where) {
  const std::optional<ImageFormat> format = image_format(bytes);
  if (format) return *format;
  fail(where, "expected a JPEG, PNG, WebP, GIF or AVIF picture, got {}", io::other_kind(bytes),
       Hint{io::file_kind(bytes).ends_with(" clip") ? io::other_kind_hint(bytes) : ""});
}

ImageInfo probe_image(std::span<const std::byte> bytes, const std::string& where) {
  const ImageFormat format = expect_image_format(bytes, where);
  const Extents extents = probe_extents(format, io::ByteReader(bytes, where));
  require(extents.width >= 1 && extents.height >= 1, where,
          "expected at least one pixel, got {} x {}", extents.width, extents.height);
  return {format, extents.width, extents.height};
}

}  // namespace flamingo::media
