#pragma once

#include "flamingo/core/rng.h"
#include "flamingo/media/image.h"

namespace flamingo::media {

/// How training varies photographs (paper, appendix A.3.2: left/right flips and colour
/// augmentation; it does not give the parameters).
struct VariationConfig {
  double flip = 0.5;
  double colour = 0.8;
  double brightness = 0.2;
  double contrast = 0.2;
  double saturation = 0.2;
  double hue = 0.02;

  template <class Visitor>
  void visit(Visitor& v) {
    v("flip", flip, "probability of a mirrored picture");
    v("colour", colour, "probability of changed colours");
    v("brightness", brightness, "largest relative change of brightness");
    v("contrast", contrast, "largest relative change of contrast");
    v("saturation", saturation, "largest relative change of saturation");
    v("hue", hue, "largest turn of the hue, as a part of the circle");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// One draw; the frames of a clip share it.
struct Variation {
  bool flip = false;
  bool colour = false;
  float brightness = 1;  ///< factor
  float contrast = 1;    ///< factor of the distance from the picture's mean grey
  float saturation = 1;  ///< factor of the distance from a pixel's own grey
  float hue = 0;         ///< turn in radians
};

/// Draws one variation, each amount uniform within its range.
Variation sample_variation(const VariationConfig& config, Rng& rng);

/// Changes an RGB picture in place: mirrors it, then turns hue and saturation, then contrast about
/// the mean, then brightness; one rounding at the end. Throws Error for other modes than RGB.
void apply_variation(const Variation& variation, Image& image);

}  // namespace flamingo::media
