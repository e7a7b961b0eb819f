#include "flamingo/media/orientation.h"

#include <libexif/exif-data.h>

#include <algorithm>
#include <memory>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

/// How a pixel of the upright picture finds its stored one.
struct Turn {
  bool transposed, mirror_x, mirror_y;
};

constexpr Turn kTurns[8] = {{false, false, false}, {false, true, false}, {false, true, true},
                            {false, false, true},  {true, false, false}, {true, false, true},
                            {true, true, true},    {true, true, false}};

}  // namespace

int exif_orientation(const std::string& exif) {
  if (exif.empty()) return 1;
  using namespace std::string_literals;
  const std::string block = "Exif\0\0"s + exif;
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(exif_data_new(), exif_data_unref);
  if (!data) return 1;
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);  // mends wrong types
  exif_data_load_data(data.get(), reinterpret_cast<const unsigned char*>(block.data()),
                      static_cast<unsigned int>(block.size()));
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) return 1;
  const int value = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return value >= 1 && value <= 8 ? value : 1;
}

Image apply_orientation(const Image& image, int orientation) {
  require(orientation >= 1 && orientation <= 8, "apply_orientation",
          "expected an orientation in [1, 8], got {}", orientation);
  if (orientation == 1) return image;
  const auto [transposed, mirror_x, mirror_y] = kTurns[orientation - 1];
  Image result = image;
  if (transposed) std::swap(result.height, result.width);
  const int64_t channels = image.channels();
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      int64_t from_x = transposed ? y : x;
      int64_t from_y = transposed ? x : y;
      if (mirror_x) from_x = image.width - 1 - from_x;
      if (mirror_y) from_y = image.height - 1 - from_y;
      const int64_t from = from_y * image.width + from_x;
      const int64_t to = y * result.width + x;
      std::copy_n(image.pixels.data() + from * channels, channels,
                  result.pixels.data() + to * channels);
      if (!image.mask.empty()) result.mask[to] = image.mask[from];
    }
  }
  return result;
}

}  // namespace flamingo::media
