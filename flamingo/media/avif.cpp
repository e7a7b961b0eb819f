#include <avif/avif.h>
#include <dav1d/dav1d.h>
#include <dlfcn.h>

#include <algorithm>
#include <memory>

#include "flamingo/core/error.h"
#include "flamingo/media/codec.h"

/// A library prints nothing, but dav1d writes to stderr what it thinks of a damaged picture, and
/// libavif, which decodes with dav1d's default settings, cannot tell it not to. This is before
/// dav1d's own function wherever the two are linked, and hands out the same settings without a
/// place to write to.
extern "C" [[gnu::visibility("default")]] void dav1d_default_settings(Dav1dSettings* settings) {
  static const auto defaults = reinterpret_cast<decltype(&dav1d_default_settings)>(
      dlsym(RTLD_NEXT, "dav1d_default_settings"));
  defaults(settings);
  settings->logger.callback = nullptr;
}

namespace flamingo::media {
namespace {

struct FreeDecoder {
  void operator()(avifDecoder* decoder) const { avifDecoderDestroy(decoder); }
};
using DecoderPtr = std::unique_ptr<avifDecoder, FreeDecoder>;

void expect_ok(avifResult result, const avifDecoder& decoder, const std::string& where) {
  if (result == AVIF_RESULT_OK) return;
  const std::string detail = decoder.diag.error;
  fail(where, "expected a whole AVIF, got: {}{}", avifResultToString(result),
       detail.empty() ? "" : " (" + detail + ")");
}

/// A decoder that has read the boxes and no pixels. One thread: callers decode in parallel.
DecoderPtr parse_boxes(std::span<const std::byte> bytes, const std::string& where) {
  DecoderPtr decoder(avifDecoderCreate());
  require(decoder != nullptr, where, "expected to start libavif, got out of memory");
  decoder->maxThreads = 1;
  decoder->ignoreExif = AVIF_TRUE;  // its orientation does not count (MIAF, 7.3.6.7)
  decoder->ignoreXMP = AVIF_TRUE;
  // Encoders leave out 'pixi', and a 'clap' is not applied: neither makes a picture unusable.
  decoder->strictFlags = AVIF_STRICT_ALPHA_ISPE_REQUIRED;
  expect_ok(avifDecoderSetIOMemory(decoder.get(), reinterpret_cast<const uint8_t*>(bytes.data()),
                                   bytes.size()),
            *decoder, where);
  expect_ok(avifDecoderParse(decoder.get()), *decoder, where);
  return decoder;
}

/// The EXIF orientation that does what 'irot' and then 'imir' do (ISO/IEC
/// 23008-12, 6.5.10, 6.5.12).
int orientation_of(const avifImage& image) {
  constexpr int kTurned[4] = {1, 8, 3, 6};  // anticlockwise by quarters
  // Rows: mode 0 exchanges top and bottom, 1 left and right, of the turned picture.
  constexpr int kMirrored[2][4] = {{4, 5, 2, 7}, {2, 7, 4, 5}};
  const int angle = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3 : 0;
  if ((image.transformFlags & AVIF_TRANSFORM_IMIR) == 0) return kTurned[angle];
  return kMirrored[image.imir.mode & 1][angle];
}

}  // namespace

std::pair<int64_t, int64_t> avif_extents(std::span<const std::byte> bytes,
                                         const std::string& where) {
  const DecoderPtr decoder = parse_boxes(bytes, where);
  return {decoder->image->width, decoder->image->height};
}

DecodedFile decode_avif(std::span<const std::byte> bytes, const std::string& where,
                        const ImageLimits& limits) {
  const DecoderPtr decoder = parse_boxes(bytes, where);
  check_extents(decoder->image->height, decoder->image->width, where, limits);
  decoder->imageSizeLimit = static_cast<uint32_t>(
      std::min<int64_t>(limits.max_pixels, AVIF_DEFAULT_IMAGE_SIZE_LIMIT));  // for its AV1 decoder
  expect_ok(avifDecoderNextImage(decoder.get()), *decoder, where);
  const avifImage& decoded = *decoder->image;
  check_extents(decoded.height, decoded.width, where, limits);

  DecodedFile file;
  Image& image = file.image;
  image.height = decoded.height;
  image.width = decoded.width;
  image.mode = decoded.alphaPlane != nullptr ? PixelMode::kRgba : PixelMode::kRgb;
  image.pixels.resize(image.height * image.width * image.channels());
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &decoded);
  rgb.depth = 8;
  rgb.format = image.mode == PixelMode::kRgba ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = image.pixels.data();
  rgb.rowBytes = static_cast<uint32_t>(image.width * image.channels());
  expect_ok(avifImageYUVToRGB(&decoded, &rgb), *decoder, where);
  file.orientation = orientation_of(decoded);
  return file;
}

}  // namespace flamingo::media
