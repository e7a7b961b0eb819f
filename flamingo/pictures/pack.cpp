#include "flamingo/pictures/pack.h"

#ifdef FLAMINGO_MEDIA
#include <algorithm>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/resize.h"
#include "flamingo/pictures/packed_pictures.h"

namespace flamingo::pictures {
namespace {

/// The picture in the middle of a clear square; larger ones are made smaller.
std::vector<uint8_t> fitted(const media::Image& image, int64_t side) {
  media::Image rgba = media::convert_to_rgba(image);
  const int64_t longer = std::max(rgba.width, rgba.height);
  if (longer > side)
    rgba = media::resize(rgba, std::max<int64_t>(1, rgba.height * side / longer),
                         std::max<int64_t>(1, rgba.width * side / longer));
  std::vector<uint8_t> square(static_cast<size_t>(side * side * 4), 0);
  const int64_t left = (side - rgba.width) / 2, top = (side - rgba.height) / 2;
  for (int64_t row = 0; row < rgba.height; ++row) {
    std::copy_n(rgba.pixels.begin() + row * rgba.width * 4, rgba.width * 4,
                square.begin() + ((top + row) * side + left) * 4);
  }
  return square;
}

}  // namespace

std::vector<std::string> pack_pictures(
    const LabelledPictures& set, int64_t side, const std::string& path,
    const std::function<void(int64_t done, int64_t total)>& on_picture) {
  require_within("pack_pictures", "side", side, 8, kMaxPackedSide);
  PictureTable table{.classes = set.classes()};
  std::vector<uint8_t> pixels;
  std::vector<std::string> damaged;
  const auto total = std::ssize(set.pictures());
  for (int64_t i = 0; i < total; ++i) {
    try {
      const auto square = fitted(set.image(i), side);
      pixels.insert(pixels.end(), square.begin(), square.end());
      table.pictures.push_back(set.picture(i));
    } catch (const Error& error) {
      damaged.emplace_back(error.what());
    }
    if (on_picture) on_picture(i + 1, total);
  }
  require(!table.pictures.empty(), path, "expected pictures, could read none of {}", total);
  write_packed(path, std::move(table), side, pixels);
  return damaged;
}

}  // namespace flamingo::pictures
#endif  // FLAMINGO_MEDIA
