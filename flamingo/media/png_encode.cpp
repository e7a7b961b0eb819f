#include <png.h>

#include <csetjmp>
#include <exception>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/media/image.h"

namespace flamingo::media {
namespace {

void on_encode_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }

void on_encode_warning(png_structp, png_const_charp) {}

void on_write(png_structp png, png_bytep bytes, size_t count) {
  bool stored = true;
  try {
    static_cast<std::string*>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char*>(bytes), count);
  } catch (const std::exception&) {
    stored = false;
  }
  if (!stored) png_error(png, "out of memory");
}

void on_flush(png_structp) {}

struct PngWriter {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
};

/// False after an error; owns nothing, since libpng jumps out of it.
bool write_png(const PngWriter& writer, const Image& image, int color_type, std::string& target) {
  if (setjmp(png_jmpbuf(writer.png))) return false;
  png_set_write_fn(writer.png, &target, on_write, on_flush);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width),
               static_cast<png_uint_32>(image.height), 8, color_type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  const int64_t stride = image.width * image.channels();
  for (int64_t y = 0; y < image.height; ++y) {
    png_write_row(writer.png, image.pixels.data() + y * stride);
  }
  png_write_end(writer.png, nullptr);
  return true;
}

int color_type_of(PixelMode mode) {
  switch (mode) {
    case PixelMode::kGrey:
      return PNG_COLOR_TYPE_GRAY;
    case PixelMode::kRgb:
      return PNG_COLOR_TYPE_RGB;
    case PixelMode::kRgba:
      return PNG_COLOR_TYPE_RGB_ALPHA;
    default:
      fail("encode_png", "expected a grey, RGB or RGBA image, got {}", enum_name(mode),
           Hint{"convert_to_rgb first"});
  }
}

}  // namespace

std::string encode_png(const Image& image) {
  const int color_type = color_type_of(image.mode);
  require(image.height >= 1 && image.width >= 1 &&
              static_cast<int64_t>(image.pixels.size()) ==
                  image.height * image.width * image.channels(),
          "encode_png", "expected pixels [H, W, C], got {} bytes for {} x {} x {}",
          image.pixels.size(), image.height, image.width, image.channels());
  PngWriter writer;
  writer.png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_encode_error, on_encode_warning);
  require(writer.png != nullptr, "encode_png", "expected to start libpng, got out of memory");
  writer.info = png_create_info_struct(writer.png);
  std::string bytes;
  require(writer.info != nullptr && write_png(writer, image, color_type, bytes), "encode_png",
          "expected to encode the image, got an error of libpng");
  return bytes;
}

}  // namespace flamingo::media
