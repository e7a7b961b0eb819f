#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "flamingo/media/image.h"
#include "flamingo/media/probe.h"

namespace flamingo::corpus {

/// Why a picture is dropped, in the order of the checks. M3W drops small, long and single-coloured
/// ones (Alayrac et al. 2022, A.3.1).
enum class PictureRule {
  kNone,
  kUnknownFormat,
  kShortSide,
  kAspectRatio,
  kTooLarge,
  kUndecodable,
  kSingleColour,
};

constexpr std::array<std::pair<PictureRule, const char*>, 7> enum_table(PictureRule) {
  return {{{PictureRule::kNone, "none"},
           {PictureRule::kUnknownFormat, "unknown_format"},
           {PictureRule::kShortSide, "short_side"},
           {PictureRule::kAspectRatio, "aspect_ratio"},
           {PictureRule::kTooLarge, "too_large"},
           {PictureRule::kUndecodable, "undecodable"},
           {PictureRule::kSingleColour, "single_colour"}}};
}

/// What a picture must keep to.
struct PictureConfig {
  int64_t min_side = 64;
  double max_aspect_ratio = 3;
  int64_t colour_distance = 8;
  double min_other_colours = 0.001;
  int64_t max_side = media::ImageLimits{}.max_side;
  int64_t max_pixels = media::ImageLimits{}.max_pixels;
  int64_t max_bytes = static_cast<int64_t>(media::ImageLimits{}.max_bytes);

  media::ImageLimits limits() const {
    return {max_side, max_pixels, static_cast<uint64_t>(max_bytes)};
  }

  template <class Visitor>
  void visit(Visitor& v) {
    v("min_side", min_side, "fewest pixels of the shorter side");
    v("max_aspect_ratio", max_aspect_ratio, "most times the longer side may be the shorter one");
    v("colour_distance", colour_distance,
      "a pixel is of another colour when a channel is so far from the picture's mean, 0 to 255");
    v("min_other_colours", min_other_colours, "least share of pixels of another colour");
    v("max_side", max_side, "most pixels of the longer side");
    v("max_pixels", max_pixels, "most pixels");
    v("max_bytes", max_bytes, "largest file in bytes");
  }
};

/// Which rule a picture breaks, what it measured, and what was found on the way.
struct PictureVerdict {
  PictureRule rule = PictureRule::kNone;
  double value = 0;       ///< pixels of the shorter side, aspect ratio, bytes or pixels, share
  media::ImageInfo info;  ///< of the header; empty for an unknown format
  media::Image rgb;       ///< the picture over white; empty unless it was kept

  bool passed() const { return rule == PictureRule::kNone; }
};

/// Judges the file of a picture; it is decoded only when its header keeps the rules. Damaged files
/// give a verdict, not an Error. `where` names the picture.
PictureVerdict judge_picture(std::span<const std::byte> bytes, const std::string& where,
                             const PictureConfig& config = {});

/// The share of pixels of an RGB image that are farther than `distance` from its mean colour in
/// some channel. Counting ends at a share of `enough`.
double share_of_other_colours(const media::Image& rgb, int64_t distance, double enough = 1);

}  // namespace flamingo::corpus
