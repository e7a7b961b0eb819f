#include <csetjmp>
#include <cstdio>
#include <cstring>

// jpeglib.h needs FILE and size_t declared before it.
#include <jerror.h>
#include <jpeglib.h>

#include "flamingo/core/error.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/orientation.h"

namespace flamingo::media {
namespace {

constexpr int kMaxScans = 100;

/// libjpeg reports errors through error_exit, which must not return: it jumps back into the
/// guarded functions below, which own nothing; all storage lives here.
struct JpegReader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "";

  JpegReader() = default;
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info); }
};

void on_error(j_common_ptr info) {
  auto* reader = static_cast<JpegReader*>(info->client_data);
  info->err->format_message(info, reader->message);
  std::longjmp(reader->jump, 1);
}

/// Warnings that mean lost picture data; libjpeg would go on and fill the rest with grey.
bool is_damage(int code) {
  return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
         code == JWRN_MUST_RESYNC;
}

void on_message(j_common_ptr info, int level) {
  if (level < 0 && is_damage(info->err->msg_code)) on_error(info);
}

void on_output(j_common_ptr) {}

/// A progressive file can hold thousands of scans, each as slow as a whole picture.
void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* reader = static_cast<JpegReader*>(info->client_data);
  std::snprintf(reader->message, sizeof(reader->message), "more than %d scans", kMaxScans);
  std::longjmp(reader->jump, 1);
}

J_COLOR_SPACE output_space(int num_components) {
  if (num_components == 1) return JCS_GRAYSCALE;
  return num_components == 4 ? JCS_CMYK : JCS_RGB;
}

bool read_header(JpegReader& reader, std::span<const std::byte> bytes) {
  if (setjmp(reader.jump)) return false;
  jpeg_create_decompress(&reader.info);
  reader.info.client_data = &reader;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&reader.info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&reader.info, TRUE);
  reader.info.out_color_space = output_space(reader.info.num_components);
  return true;
}

bool read_rows(JpegReader& reader, uint8_t* pixels, size_t stride) {
  if (setjmp(reader.jump)) return false;
  jpeg_start_decompress(&reader.info);
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row = pixels + reader.info.output_scanline * stride;
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  return true;
}

PixelMode mode_of(int num_components) {
  if (num_components == 1) return PixelMode::kGrey;
  return num_components == 4 ? PixelMode::kCmyk : PixelMode::kRgb;
}

std::string find_exif(const JpegReader& reader) {
  constexpr size_t kPrefix = 6;
  for (auto* marker = reader.info.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->data_length <= kPrefix) continue;
    if (std::memcmp(marker->data, "Exif\0\0", kPrefix) != 0) continue;
    return {reinterpret_cast<const char*>(marker->data) + kPrefix, marker->data_length - kPrefix};
  }
  return {};
}

}  // namespace

DecodedFile decode_jpeg(std::span<const std::byte> bytes, const std::string& where,
                        const ImageLimits& limits) {
  JpegReader reader;
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.info.client_data = &reader;
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  reader.errors.output_message = on_output;
  reader.progress.progress_monitor = on_progress;
  if (!read_header(reader, bytes)) {
    fail(where, "expected a JPEG, got: {}", reader.message);
  }
  const int components = reader.info.num_components;
  require(components == 1 || components == 3 || components == 4, where,
          "expected a JPEG of 1, 3 or 4 channels, got {}", components);
  check_extents(reader.info.image_height, reader.info.image_width, where, limits);

  DecodedFile file;
  Image& image = file.image;
  image.height = reader.info.image_height;
  image.width = reader.info.image_width;
  image.mode = mode_of(components);
  const size_t stride = static_cast<size_t>(image.width * image.channels());
  image.pixels.resize(stride * image.height);
  if (!read_rows(reader, image.pixels.data(), stride)) {
    fail(where, "expected a whole JPEG, got: {}", reader.message);
  }
  if (image.mode == PixelMode::kCmyk) {
    // Writers follow Adobe, which stores the complement; Pillow takes that for granted too.
    for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(255 - value);
  }
  file.orientation = exif_orientation(find_exif(reader));
  return file;
}

}  // namespace flamingo::media
