#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/orientation.h"

namespace flamingo::media {
namespace {

constexpr png_alloc_size_t kMaxChunkBytes = 1u << 20;
constexpr png_uint_32 kMaxChunks = 1000;

/// libpng reports errors by longjmp, so the guarded functions below own nothing: all storage
/// lives here, outside of the jump.
struct PngReader {
  std::span<const std::byte> bytes;
  size_t position = 0;
  char message[160] = "";
  png_structp png = nullptr;
  png_infop info = nullptr;
  bool keyed = false;  ///< rows get an alpha channel, which tells what the colour key hides

  PngReader() = default;
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

void on_error(png_structp png, png_const_charp message) {
  auto* text = static_cast<char*>(png_get_error_ptr(png));
  std::snprintf(text, sizeof(PngReader::message), "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep target, size_t count) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader->bytes.size() - reader->position) png_error(png, "a truncated file");
  std::memcpy(target, reader->bytes.data() + reader->position, count);
  reader->position += count;
}

/// Reads everything before the pixels; false after an error.
bool read_header(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_read_fn(reader.png, &reader, on_read);
  png_set_chunk_malloc_max(reader.png, kMaxChunkBytes);
  png_set_chunk_cache_max(reader.png, kMaxChunks);
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(reader.png, reader.info);
  const int color_type = png_get_color_type(reader.png, reader.info);
  reader.keyed = color_type != PNG_COLOR_TYPE_PALETTE &&
                 png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
  if (reader.keyed) png_set_tRNS_to_alpha(reader.png);  // compares all 16 bits, before they go
  if (png_get_bit_depth(reader.png, reader.info) == 16) png_set_strip_16(reader.png);
  if (png_get_bit_depth(reader.png, reader.info) < 8) {
    if (color_type == PNG_COLOR_TYPE_GRAY) {
      png_set_expand_gray_1_2_4_to_8(reader.png);
    } else {
      png_set_packing(reader.png);
    }
  }
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

/// Reads all rows and the chunks after them; false after an error.
bool read_rows(PngReader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

PixelMode mode_of(int color_type, int bit_depth) {
  switch (color_type) {
    case PNG_COLOR_TYPE_GRAY:
      return bit_depth == 1 ? PixelMode::kBilevel : PixelMode::kGrey;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return PixelMode::kGreyAlpha;
    case PNG_COLOR_TYPE_PALETTE:
      return PixelMode::kPalette;
    case PNG_COLOR_TYPE_RGB_ALPHA:
      return PixelMode::kRgba;
    default:
      return PixelMode::kRgb;
  }
}

std::vector<uint8_t> palette_of(const PngReader& reader) {
  png_colorp colors = nullptr;
  png_bytep alpha = nullptr;
  int num_colors = 0;
  int num_alpha = 0;
  png_get_PLTE(reader.png, reader.info, &colors, &num_colors);
  png_get_tRNS(reader.png, reader.info, &alpha, &num_alpha, nullptr);
  std::vector<uint8_t> palette(size_t{4} * 256);
  for (int i = 0; i < 256; ++i) {
    const png_color color = i < num_colors ? colors[i] : png_color{0, 0, 0};
    palette[4 * i] = color.red;
    palette[4 * i + 1] = color.green;
    palette[4 * i + 2] = color.blue;
    palette[4 * i + 3] = i < num_alpha ? alpha[i] : 255;
  }
  return palette;
}

/// Moves the last of channels + 1 values of each pixel to the mask.
void split_mask(Image& image) {
  const int64_t channels = image.channels();
  image.mask.resize(image.height * image.width);
  for (int64_t i = 0; i < std::ssize(image.mask); ++i) {
    const uint8_t* pixel = image.pixels.data() + i * (channels + 1);
    image.mask[i] = pixel[channels];
    std::copy_n(pixel, channels, image.pixels.data() + i * channels);
  }
  image.pixels.resize(image.mask.size() * channels);
}

uint32_t big_endian32(const std::byte* p) {
  return std::to_integer<uint32_t>(p[0]) << 24 | std::to_integer<uint32_t>(p[1]) << 16 |
         std::to_integer<uint32_t>(p[2]) << 8 | std::to_integer<uint32_t>(p[3]);
}

/// The content of the eXIf chunk, or empty.
std::string find_exif(std::span<const std::byte> bytes) {
  constexpr size_t kSignature = 8;
  constexpr size_t kFrame = 12;  // length, type, CRC
  size_t at = kSignature;
  while (at + kFrame <= bytes.size()) {
    const uint32_t length = big_endian32(bytes.data() + at);
    if (length > bytes.size() - at - kFrame) break;
    const auto* chunk = reinterpret_cast<const char*>(bytes.data() + at);
    if (std::memcmp(chunk + 4, "eXIf", 4) == 0) return std::string(chunk + 8, length);
    at += kFrame + length;
  }
  return {};
}

}  // namespace

DecodedFile decode_png(std::span<const std::byte> bytes, const std::string& where,
                       const ImageLimits& limits) {
  constexpr size_t kExtentsAt = 16;
  require(bytes.size() >= kExtentsAt + 10, where, "expected a PNG header, got a truncated file");
  check_extents(big_endian32(bytes.data() + kExtentsAt + 4),
                big_endian32(bytes.data() + kExtentsAt), where, limits);
  PngReader reader;
  reader.bytes = bytes;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader.message, on_error, on_warning);
  require(reader.png != nullptr, where, "expected to start libpng, got out of memory");
  png_set_user_limits(reader.png, static_cast<png_uint_32>(limits.max_side),
                      static_cast<png_uint_32>(limits.max_side));
  reader.info = png_create_info_struct(reader.png);
  require(reader.info != nullptr, where, "expected to start libpng, got out of memory");
  if (!read_header(reader)) fail(where, "expected a PNG, got {}", reader.message);

  const int stored_depth = std::to_integer<int>(bytes[kExtentsAt + 8]);
  const int stored_type = std::to_integer<int>(bytes[kExtentsAt + 9]);
  DecodedFile file;
  Image& image = file.image;
  image.height = png_get_image_height(reader.png, reader.info);
  image.width = png_get_image_width(reader.png, reader.info);
  image.mode = mode_of(stored_type, stored_depth);
  check_extents(image.height, image.width, where, limits);
  const auto stride =
      static_cast<size_t>(image.width * (image.channels() + (reader.keyed ? 1 : 0)));
  const size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  require(row_bytes == stride, where, "expected rows of {} bytes, got {}", stride, row_bytes);
  if (image.mode == PixelMode::kPalette) image.palette = palette_of(reader);
  image.pixels.resize(stride * image.height);
  std::vector<png_bytep> rows(image.height);
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = image.pixels.data() + y * stride;
  if (!read_rows(reader, rows.data())) {
    fail(where, "expected a whole PNG, got {}", reader.message);
  }
  if (reader.keyed) split_mask(image);
  file.orientation = exif_orientation(find_exif(bytes));
  return file;
}

}  // namespace flamingo::media
