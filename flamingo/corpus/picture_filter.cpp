#include "flamingo/corpus/picture_filter.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/media/convert.h"

namespace flamingo::corpus {
namespace {

std::optional<media::ImageInfo> try_probe(std::span<const std::byte> bytes,
                                          const std::string& where) {
  try {
    return media::probe_image(bytes, where);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<media::Image> try_decode(std::span<const std::byte> bytes, const std::string& where,
                                       const media::ImageLimits& limits) {
  try {
    media::Image image = media::decode_image(bytes, where, {.limits = limits});
    const bool opaque = image.mode == media::PixelMode::kRgb && image.mask.empty();
    return opaque ? std::move(image) : media::composite_over_white(image);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The rules that need no pixels.
PictureVerdict judge_header(const media::ImageInfo& info, uint64_t bytes,
                            const PictureConfig& config) {
  const int64_t shorter = std::min(info.width, info.height);
  const int64_t longer = std::max(info.width, info.height);
  const auto pixels = static_cast<double>(info.width) * static_cast<double>(info.height);
  const double aspect = static_cast<double>(longer) / static_cast<double>(shorter);
  if (shorter < config.min_side) {
    return {PictureRule::kShortSide, static_cast<double>(shorter), info, {}};
  }
  if (aspect > config.max_aspect_ratio) return {PictureRule::kAspectRatio, aspect, info, {}};
  if (longer > config.max_side || pixels > static_cast<double>(config.max_pixels)) {
    return {PictureRule::kTooLarge, pixels, info, {}};
  }
  if (bytes > config.limits().max_bytes) {
    return {PictureRule::kTooLarge, static_cast<double>(bytes), info, {}};
  }
  return {PictureRule::kNone, 0, info, {}};
}

std::array<int, 3> mean_colour(const media::Image& rgb) {
  std::array<int64_t, 3> sum = {};
  for (size_t i = 0; i < rgb.pixels.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) sum[c] += rgb.pixels[i + c];
  }
  const auto count = static_cast<int64_t>(rgb.pixels.size() / 3);
  std::array<int, 3> mean;
  for (size_t c = 0; c < 3; ++c) mean[c] = static_cast<int>((sum[c] + count / 2) / count);
  return mean;
}

}  // namespace

double share_of_other_colours(const media::Image& rgb, int64_t distance, double enough) {
  require(rgb.mode == media::PixelMode::kRgb && rgb.pixels.size() >= 3, "share_of_other_colours",
          "expected an RGB image, got {} bytes of {}", rgb.pixels.size(), enum_name(rgb.mode));
  const std::array<int, 3> mean = mean_colour(rgb);
  const auto count = static_cast<double>(rgb.pixels.size() / 3);
  const double wanted = enough * count;
  int64_t others = 0;
  for (size_t i = 0; i + 2 < rgb.pixels.size() && static_cast<double>(others) < wanted; i += 3) {
    bool far = false;
    for (size_t c = 0; c < 3; ++c) far |= std::abs(rgb.pixels[i + c] - mean[c]) > distance;
    others += far;
  }
  return static_cast<double>(others) / count;
}

PictureVerdict judge_picture(std::span<const std::byte> bytes, const std::string& where,
                             const PictureConfig& config) {
  const std::optional<media::ImageInfo> info = try_probe(bytes, where);
  if (!info) return {PictureRule::kUnknownFormat, 0, {}, {}};
  PictureVerdict verdict = judge_header(*info, bytes.size(), config);
  if (!verdict.passed()) return verdict;
  std::optional<media::Image> image = try_decode(bytes, where, config.limits());
  if (!image) {
    verdict.rule = PictureRule::kUndecodable;
    return verdict;
  }
  const double others =
      share_of_other_colours(*image, config.colour_distance, config.min_other_colours);
  if (others < config.min_other_colours) {
    verdict.rule = PictureRule::kSingleColour;
    verdict.value = others;
    return verdict;
  }
  verdict.rgb = std::move(*image);
  return verdict;
}

}  // namespace flamingo::corpus
