#include "flamingo/media/transform.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/media/convert.h"

namespace flamingo::media {
namespace {

/// The largest box of the image's aspect ratio inside of S x S, centred.
PixelBox fit(const Image& image, int64_t size) {
  const auto scaled = [&](int64_t side, int64_t longer) {
    return std::clamp<int64_t>((2 * side * size + longer) / (2 * longer), 1, size);
  };
  const int64_t longer = std::max(image.height, image.width);
  const int64_t height = scaled(image.height, longer);
  const int64_t width = scaled(image.width, longer);
  return {(size - height) / 2, (size - width) / 2, height, width};
}

/// Where a crop of `size` starts: half of the rest, rounded half to even.
int64_t crop_offset(int64_t side, int64_t size) {
  const int64_t rest = side - size;
  const int64_t half = rest / 2;
  return rest % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

Image open_clip_rgb(const Image& image, const TransformConfig& config) {
  const int64_t shorter = std::min(image.height, image.width);
  const auto scaled = [&](int64_t side) {
    return side == shorter ? config.size : config.size * side / shorter;
  };
  const int64_t height = scaled(image.height);
  const int64_t width = scaled(image.width);
  const PixelBox middle{crop_offset(height, config.size), crop_offset(width, config.size),
                        config.size, config.size};
  return convert_to_rgb(resize_part(image, height, width, middle, config.filter));
}

uint8_t mean_byte(const TransformConfig& config, int channel) {
  return static_cast<uint8_t>(std::clamp(std::lround(config.mean[channel] * 255.0f), 0l, 255l));
}

/// IdeficsImageProcessor's convert_to_rgb leaves what Pillow calls "RGB" alone.
Image idefics_rgb(const Image& image, const TransformConfig& config) {
  const bool is_rgb = image.mode == PixelMode::kRgb;
  return resize(is_rgb ? image : composite_over_white(image), config.size, config.size,
                config.filter);
}

Image native_rgb(const Image& image, const TransformConfig& config) {
  const PixelBox place = fit(image, config.size);
  const Image small = resize(composite_over_white(image), place.height, place.width, config.filter);
  Image result{config.size, config.size, PixelMode::kRgb, {}, {}, {}};
  result.pixels.resize(3 * config.size * config.size);
  for (size_t i = 0; i < result.pixels.size(); ++i) {
    result.pixels[i] = mean_byte(config, static_cast<int>(i % 3));
  }
  for (int64_t y = 0; y < place.height; ++y) {
    std::copy_n(small.pixels.data() + 3 * y * place.width, 3 * place.width,
                result.pixels.data() + 3 * ((place.top + y) * config.size + place.left));
  }
  return result;
}

/// Zeroes everything outside of `place`.
void clear_padding(const PixelBox& place, PixelTensor& tensor) {
  const int64_t size = tensor.size;
  for (int64_t y = 0; y < 3 * size; ++y) {
    float* row = tensor.values.data() + y * size;
    const int64_t inside = y % size - place.top;
    if (inside < 0 || inside >= place.height) {
      std::fill_n(row, size, 0.0f);
    } else {
      std::fill_n(row, place.left, 0.0f);
      std::fill(row + place.left + place.width, row + size, 0.0f);
    }
  }
}

}  // namespace

void TransformConfig::validate() const {
  require(size >= 1 && size <= 4096, "transform.size", "expected a size in [1, 4096], got {}",
          size);
  require(mean.size() == 3 && std.size() == 3, "transform",
          "expected 3 values of mean and std, got {} and {}", mean.size(), std.size());
  for (const float value : mean) {
    require(std::isfinite(value), "transform.mean", "expected finite values, got {}", value);
  }
  for (const float value : std) {
    require(std::isfinite(value) && value > 0, "transform.std", "expected positive values, got {}",
            value);
  }
}

Image transform_to_rgb(const Image& image, const TransformConfig& config) {
  config.validate();
  switch (config.mode) {
    case TransformMode::kOpenClip:
      return open_clip_rgb(image, config);
    case TransformMode::kIdefics:
      return idefics_rgb(image, config);
    default:
      return native_rgb(image, config);
  }
}

PixelTensor transform_image(const Image& image, const TransformConfig& config) {
  const Image rgb = transform_to_rgb(image, config);
  const int64_t area = config.size * config.size;
  PixelTensor tensor{config.size, std::vector<float>(3 * area)};
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < area; ++i) {
      const float value = static_cast<float>(rgb.pixels[3 * i + c]) / 255.0f;
      tensor.values[c * area + i] = (value - config.mean[c]) / config.std[c];
    }
  }
  if (config.mode == TransformMode::kNative) clear_padding(fit(image, config.size), tensor);
  return tensor;
}

}  // namespace flamingo::media
