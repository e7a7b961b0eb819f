#include "flamingo/pictures/square_picture.h"

#include <algorithm>

#include "flamingo/core/error.h"

#ifdef FLAMINGO_MEDIA
#include "flamingo/media/resize.h"
#endif

namespace flamingo::pictures {
namespace {

#ifdef FLAMINGO_MEDIA
media::Image opaque_square(const media::Image& image, const media::TransformConfig& transform) {
  const media::Image rgb = media::transform_to_rgb(image, transform);
  media::Image square{.height = rgb.height, .width = rgb.width, .mode = media::PixelMode::kRgba};
  for (size_t i = 0; i < rgb.pixels.size(); i += 3) {
    square.pixels.insert(square.pixels.end(),
                         {rgb.pixels[i], rgb.pixels[i + 1], rgb.pixels[i + 2], uint8_t{255}});
  }
  return square;
}
#else
[[noreturn]] void need_media() {
  fail("pictures", "expected see-through drawings in a build without media libraries",
       Hint{"configure with -DFLAMINGO_MEDIA=ON"});
}

media::Image opaque_square(const media::Image&, const media::TransformConfig&) { need_media(); }
#endif

}  // namespace

media::Image centred(const media::Image& rgba, int64_t side) {
  media::Image square{.height = side, .width = side, .mode = media::PixelMode::kRgba};
  square.pixels.assign(static_cast<size_t>(side * side * 4), 0);
  const int64_t left = (side - rgba.width) / 2, top = (side - rgba.height) / 2;
  for (int64_t row = 0; row < rgba.height; ++row) {
    std::copy_n(rgba.pixels.begin() + row * rgba.width * 4, rgba.width * 4,
                square.pixels.begin() + ((top + row) * side + left) * 4);
  }
  return square;
}

media::Image square_picture(const media::Image& image, const media::TransformConfig& transform) {
  if (image.mode == media::PixelMode::kRgb) return opaque_square(image, transform);
  require(image.mode == media::PixelMode::kRgba, "square_picture", "expected RGB or RGBA");
  const media::Image fitted = at_most(image, 2 * transform.size);
  return centred(fitted, std::max(fitted.width, fitted.height));
}

#ifdef FLAMINGO_MEDIA
media::Image at_most(const media::Image& image, int64_t side) {
  const int64_t longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  return media::resize(image, std::max<int64_t>(1, image.height * side / longer),
                       std::max<int64_t>(1, image.width * side / longer));
}

std::vector<float> opaque_pixels(const media::Image& image,
                                 const media::TransformConfig& transform) {
  return media::transform_image(image, transform).values;
}
#else
media::Image at_most(const media::Image& image, int64_t) { return image; }

std::vector<float> opaque_pixels(const media::Image&, const media::TransformConfig&) {
  need_media();
}
#endif

}  // namespace flamingo::pictures
