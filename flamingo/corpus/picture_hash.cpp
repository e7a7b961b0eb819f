#include "flamingo/corpus/picture_hash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/media/resize.h"

namespace flamingo::corpus {
namespace {

constexpr size_t kSide = 32;
constexpr size_t kBits = 64;
constexpr size_t kFrequencies = 11;  ///< in each direction that the 64 lowest reach

using Table = std::array<std::array<double, kSide>, kFrequencies>;

media::Image to_grey(const media::Image& rgb) {
  media::Image grey{rgb.height, rgb.width, media::PixelMode::kGrey, {}, {}, {}};
  grey.pixels.resize(rgb.pixels.size() / 3);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    const uint8_t* p = rgb.pixels.data() + 3 * i;
    grey.pixels[i] = static_cast<uint8_t>((19595u * p[0] + 38470u * p[1] + 7471u * p[2]) >> 16);
  }
  return grey;
}

/// table[k][x] = cos(pi k (2 x + 1) / 64), the DCT-II.
Table make_cosines() {
  Table table;
  for (size_t k = 0; k < kFrequencies; ++k) {
    for (size_t x = 0; x < kSide; ++x) {
      const auto angle = static_cast<double>(k * (2 * x + 1)) / (2.0 * kSide);
      table[k][x] = std::cos(std::numbers::pi * angle);
    }
  }
  return table;
}

/// The lowest frequencies of a 32 x 32 picture, by diagonals: (0,1) (1,0) (0,2) (1,1) (2,0) ...
std::array<double, kBits> low_frequencies(const std::vector<uint8_t>& pixels) {
  const Table cosines = make_cosines();
  Table columns = {};  // [horizontal frequency][row]
  for (size_t u = 0; u < kFrequencies; ++u) {
    for (size_t y = 0; y < kSide; ++y) {
      for (size_t x = 0; x < kSide; ++x) columns[u][y] += cosines[u][x] * pixels[y * kSide + x];
    }
  }
  std::array<double, kBits> lowest = {};
  size_t count = 0;
  for (size_t sum = 1; count < kBits; ++sum) {
    for (size_t v = 0; v <= sum && count < kBits; ++v, ++count) {
      for (size_t y = 0; y < kSide; ++y) lowest[count] += cosines[v][y] * columns[sum - v][y];
    }
  }
  return lowest;
}

}  // namespace

uint64_t picture_hash(const media::Image& rgb) {
  require(rgb.mode == media::PixelMode::kRgb, "picture_hash", "expected an RGB image, got {}",
          enum_name(rgb.mode));
  const media::Image small =
      media::resize(to_grey(rgb), kSide, kSide, media::ResizeFilter::kBilinear);
  const auto [least, most] = std::minmax_element(small.pixels.begin(), small.pixels.end());
  if (*least == *most) return 0;
  const std::array<double, kBits> frequencies = low_frequencies(small.pixels);
  std::array<double, kBits> sorted = frequencies;
  std::nth_element(sorted.begin(), sorted.begin() + kBits / 2, sorted.end());
  const double median = sorted[kBits / 2];
  uint64_t hash = 0;
  for (size_t i = 0; i < kBits; ++i) hash |= uint64_t{frequencies[i] >= median} << i;
  return hash;
}

}  // namespace flamingo::corpus
