#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/pictures/augment.h"

#ifdef FLAMINGO_MEDIA
#include "flamingo/media/resize.h"
#endif

namespace flamingo::pictures {
namespace {

/// In the middle of a clear square as wide as the longer side.
media::Image padded(const media::Image& image) {
  const int64_t side = std::max(image.width, image.height);
  media::Image square{.height = side, .width = side, .mode = media::PixelMode::kRgba};
  square.pixels.assign(static_cast<size_t>(side * side * 4), 0);
  const int64_t left = (side - image.width) / 2, top = (side - image.height) / 2;
  for (int64_t row = 0; row < image.height; ++row) {
    std::copy_n(image.pixels.begin() + row * image.width * 4, image.width * 4,
                square.pixels.begin() + ((top + row) * side + left) * 4);
  }
  return square;
}

#ifdef FLAMINGO_MEDIA
media::Image at_most(const media::Image& image, int64_t side) {
  const int64_t longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  return media::resize(image, std::max<int64_t>(1, image.height * side / longer),
                       std::max<int64_t>(1, image.width * side / longer));
}

media::Image opaque_square(const media::Image& image, const media::TransformConfig& transform) {
  const media::Image rgb = media::transform_to_rgb(image, transform);
  media::Image square{.height = rgb.height, .width = rgb.width, .mode = media::PixelMode::kRgba};
  for (size_t i = 0; i < rgb.pixels.size(); i += 3) {
    square.pixels.insert(square.pixels.end(),
                         {rgb.pixels[i], rgb.pixels[i + 1], rgb.pixels[i + 2], uint8_t{255}});
  }
  return square;
}
std::vector<float> transformed(const media::Image& image, const media::TransformConfig& transform) {
  return media::transform_image(image, transform).values;
}
#else
[[noreturn]] void need_media() {
  fail("pictures", "expected see-through drawings in a build without media libraries",
       Hint{"configure with -DFLAMINGO_MEDIA=ON"});
}

media::Image at_most(const media::Image& image, int64_t) { return image; }

media::Image opaque_square(const media::Image&, const media::TransformConfig&) { need_media(); }
std::vector<float> transformed(const media::Image&, const media::TransformConfig&) { need_media(); }
#endif

}  // namespace

media::Image square_picture(const media::Image& image, const media::TransformConfig& transform) {
  if (image.mode == media::PixelMode::kRgb) return opaque_square(image, transform);
  require(image.mode == media::PixelMode::kRgba, "square_picture", "expected RGB or RGBA");
  return padded(at_most(image, 2 * transform.size));
}

std::vector<float> opaque_pixels(const media::Image& image,
                                 const media::TransformConfig& transform) {
  return transformed(image, transform);
}

}  // namespace flamingo::pictures
