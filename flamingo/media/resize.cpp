#include "flamingo/media/resize.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/media/convert.h"

namespace flamingo::media {
namespace {

constexpr int64_t kMaxSide = 32768;
constexpr int64_t kMaxVirtualSide = int64_t{1} << 30;
// 8 bits for the pixel, 2 for the overshoot of bicubic weights, the rest for their fraction.
constexpr int kPrecisionBits = 32 - 8 - 2;

double bilinear(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

/// Keys' cubic with a = -0.5.
double bicubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

/// One axis of a resize: `in` pixels become `out`, of which [first, first + count) are wanted.
struct Axis {
  int64_t in, out, first, count;
  bool is_identity() const { return in == out; }
};

/// For each wanted output position: the first input position and its fixed-point weights.
struct Kernel {
  struct Window {
    int64_t first;
    int64_t count;
  };
  std::vector<Window> windows;
  std::vector<int32_t> weights;  ///< [windows, stride]
  int64_t stride;
};

/// The weights of one output position, summing to 1, in fixed point.
void fill_weights(const Kernel::Window& window, double center, double scale, ResizeFilter filter,
                  int32_t* fixed) {
  const auto weight = filter == ResizeFilter::kBicubic ? bicubic : bilinear;
  const double inverse = 1.0 / scale;
  std::vector<double> values(window.count);
  double sum = 0;
  for (int64_t x = 0; x < window.count; ++x) {
    values[x] = weight((static_cast<double>(x + window.first) - center + 0.5) * inverse);
    sum += values[x];
  }
  for (int64_t x = 0; x < window.count; ++x) {
    const double value = (sum != 0 ? values[x] / sum : values[x]) * (1 << kPrecisionBits);
    fixed[x] = static_cast<int32_t>(value < 0 ? value - 0.5 : value + 0.5);
  }
}

Kernel make_kernel(const Axis& axis, ResizeFilter filter) {
  const double scale = static_cast<double>(axis.in) / static_cast<double>(axis.out);
  const double filter_scale = std::max(scale, 1.0);
  const double support = (filter == ResizeFilter::kBicubic ? 2.0 : 1.0) * filter_scale;
  Kernel kernel;
  kernel.stride = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  kernel.windows.resize(axis.count);
  kernel.weights.resize(axis.count * kernel.stride);
  for (int64_t i = 0; i < axis.count; ++i) {
    const double center = (static_cast<double>(axis.first + i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const int64_t last = std::min(axis.in, static_cast<int64_t>(center + support + 0.5));
    kernel.windows[i] = {first, last - first};
    fill_weights(kernel.windows[i], center, filter_scale, filter,
                 kernel.weights.data() + i * kernel.stride);
  }
  return kernel;
}

uint8_t round_to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

/// [H, W, C] -> [H, kernel.windows, C].
template <int kChannels>
void resize_rows(const Image& image, const Kernel& kernel, Image& result) {
  for (int64_t y = 0; y < image.height; ++y) {
    const uint8_t* row = image.pixels.data() + y * image.width * kChannels;
    uint8_t* target = result.pixels.data() + y * result.width * kChannels;
    for (int64_t x = 0; x < result.width; ++x) {
      const Kernel::Window window = kernel.windows[x];
      const int32_t* weights = kernel.weights.data() + x * kernel.stride;
      const uint8_t* source = row + window.first * kChannels;
      int32_t sums[kChannels];
      for (int c = 0; c < kChannels; ++c) sums[c] = kHalf;
      for (int64_t k = 0; k < window.count; ++k) {
        for (int c = 0; c < kChannels; ++c) sums[c] += source[k * kChannels + c] * weights[k];
      }
      for (int c = 0; c < kChannels; ++c) target[x * kChannels + c] = round_to_byte(sums[c]);
    }
  }
}

Image empty_like(const Image& image, int64_t height, int64_t width) {
  Image result{height, width, image.mode, {}, image.palette, {}};
  result.pixels.resize(height * width * result.channels());
  return result;
}

Image resize_width(const Image& image, const Axis& axis, ResizeFilter filter) {
  if (axis.is_identity()) return crop(image, {0, axis.first, image.height, axis.count});
  Image result = empty_like(image, image.height, axis.count);
  const Kernel kernel = make_kernel(axis, filter);
  switch (image.channels()) {
    case 1:
      resize_rows<1>(image, kernel, result);
      break;
    case 2:
      resize_rows<2>(image, kernel, result);
      break;
    case 3:
      resize_rows<3>(image, kernel, result);
      break;
    default:
      resize_rows<4>(image, kernel, result);
      break;
  }
  return result;
}

/// [H, W, C] -> [height, W, C]; row by row, so that memory is read in order.
Image resize_height(const Image& image, const Axis& axis, ResizeFilter filter) {
  if (axis.is_identity()) return crop(image, {axis.first, 0, axis.count, image.width});
  Image result = empty_like(image, axis.count, image.width);
  const Kernel kernel = make_kernel(axis, filter);
  const int64_t stride = image.width * image.channels();
  std::vector<int32_t> sums(stride);
  for (int64_t y = 0; y < axis.count; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t k = 0; k < kernel.windows[y].count; ++k) {
      const int32_t weight = kernel.weights[y * kernel.stride + k];
      const uint8_t* row = image.pixels.data() + (kernel.windows[y].first + k) * stride;
      for (int64_t i = 0; i < stride; ++i) sums[i] += row[i] * weight;
    }
    std::transform(sums.begin(), sums.end(), result.pixels.begin() + y * stride, round_to_byte);
  }
  return result;
}

/// The input positions of nearest neighbour; accumulated as Pillow's affine transform does, since
/// the rounding of the sum decides ties.
std::vector<int64_t> nearest_positions(const Axis& axis) {
  const double step = static_cast<double>(axis.in) / static_cast<double>(axis.out);
  std::vector<int64_t> positions(axis.count);
  double position = step * 0.5;
  for (int64_t i = 0; i < axis.first; ++i) position += step;
  for (int64_t& value : positions) {
    value = std::min(axis.in - 1, static_cast<int64_t>(position));
    position += step;
  }
  return positions;
}

Image resize_nearest(const Image& image, const Axis& vertical, const Axis& horizontal) {
  Image result = empty_like(image, vertical.count, horizontal.count);
  const int64_t channels = image.channels();
  const std::vector<int64_t> columns = nearest_positions(horizontal);
  uint8_t* target = result.pixels.data();
  for (const int64_t y : nearest_positions(vertical)) {
    const uint8_t* row = image.pixels.data() + y * image.width * channels;
    for (const int64_t x : columns) target = std::copy_n(row + x * channels, channels, target);
  }
  return result;
}

/// Pillow 13 turns the passes round where the height loses over twice the pixels that the width
/// loses; the rounding between the passes makes that visible.
bool is_vertical_first(const Axis& vertical, const Axis& horizontal) {
  return vertical.in - vertical.out > 2 * std::max<int64_t>(0, horizontal.in - horizontal.out);
}

Image resize_smooth(const Image& image, const Axis& vertical, const Axis& horizontal,
                    ResizeFilter filter) {
  if (is_vertical_first(vertical, horizontal)) {
    return resize_width(resize_height(image, vertical, filter), horizontal, filter);
  }
  return resize_height(resize_width(image, horizontal, filter), vertical, filter);
}

void check_pixels(const Image& image, const char* where) {
  require(image.height >= 1 && image.width >= 1 &&
              static_cast<int64_t>(image.pixels.size()) ==
                  image.height * image.width * image.channels(),
          where, "expected pixels [H, W, C], got {} bytes for {} x {} x {}", image.pixels.size(),
          image.height, image.width, image.channels());
}

void check_part(const PixelBox& part, int64_t height, int64_t width, const char* where) {
  require(part.top >= 0 && part.left >= 0 && part.height >= 1 && part.width >= 1 &&
              part.height <= height - part.top && part.width <= width - part.left,
          where, "expected a part inside of the image, got one outside");
}

void check_side(int64_t side, int64_t most) {
  require(side >= 1 && side <= most, "resize", "expected sides in [1, {}], got {}", most, side);
}

}  // namespace

Image resize(const Image& image, int64_t height, int64_t width, ResizeFilter filter) {
  check_side(height, kMaxSide);
  check_side(width, kMaxSide);
  return resize_part(image, height, width, {0, 0, height, width}, filter);
}

Image resize_part(const Image& image, int64_t height, int64_t width, const PixelBox& part,
                  ResizeFilter filter) {
  check_pixels(image, "resize");
  check_side(height, kMaxVirtualSide);
  check_side(width, kMaxVirtualSide);
  check_part(part, height, width, "resize");
  const Axis vertical{image.height, height, part.top, part.height};
  const Axis horizontal{image.width, width, part.left, part.width};
  if (vertical.is_identity() && horizontal.is_identity()) return crop(image, part);
  const bool indexed = image.mode == PixelMode::kPalette || image.mode == PixelMode::kBilevel;
  if (indexed || filter == ResizeFilter::kNearest) {
    return resize_nearest(image, vertical, horizontal);
  }
  if (image.mode != PixelMode::kGreyAlpha && image.mode != PixelMode::kRgba) {
    return resize_smooth(image, vertical, horizontal, filter);
  }
  Image weighted = image;
  premultiply(weighted);
  weighted = resize_smooth(weighted, vertical, horizontal, filter);
  unpremultiply(weighted);
  return weighted;
}

Image crop(const Image& image, const PixelBox& part) {
  check_pixels(image, "crop");
  check_part(part, image.height, image.width, "crop");
  const int64_t channels = image.channels();
  Image result = empty_like(image, part.height, part.width);
  for (int64_t y = 0; y < part.height; ++y) {
    std::copy_n(image.pixels.data() + ((part.top + y) * image.width + part.left) * channels,
                part.width * channels, result.pixels.data() + y * part.width * channels);
  }
  return result;
}

}  // namespace flamingo::media
