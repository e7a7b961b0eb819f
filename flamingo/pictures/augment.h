#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "flamingo/core/rng.h"
#include "flamingo/media/image.h"
#include "flamingo/media/transform.h"
#include "flamingo/pictures/raster.h"

namespace flamingo::pictures {

/// How training varies a labelled picture. Probabilities are per view; ranges are uniform.
struct AugmentConfig {
  double zoom = 1.12;
  double rotation = 20;
  double min_scale = 0.74;
  double max_scale = 1.35;
  double aspect = 0.15;
  double shear = 0.15;
  double shift = 0.18;
  double mirror = 0.5;
  double warp = 0.3;
  double warp_size = 0.06;
  double colour_mix = 0.25;
  double grey = 0.1;
  double invert = 0.03;
  double posterise = 0.05;
  double brightness = 0.2;
  double contrast = 0.3;
  double recolour_outline = 0.8;
  double thickness = 0.25;
  double white_background = 0.3;
  double textured_background = 0.3;
  double distractor = 0.0;
  double erase = 0.3;
  double noise = 0.02;

  template <class Visitor>
  void visit(Visitor& v) {
    v("zoom", zoom,
      "size of every view of a see-through drawing, clean ones included, relative to its frame");
    v("rotation", rotation, "largest turn, degrees");
    v("min_scale", min_scale, "smallest size");
    v("max_scale", max_scale, "largest size");
    v("aspect", aspect, "largest relative stretch of width against height");
    v("shear", shear, "largest shear");
    v("shift", shift, "largest shift, as a part of the side");
    v("mirror", mirror, "probability of a mirrored view where the name allows it");
    v("warp", warp, "probability of a smooth warp");
    v("warp_size", warp_size, "largest displacement of a warp, as a part of the side");
    v("colour_mix", colour_mix, "largest share of the other channels in each channel");
    v("grey", grey, "probability of a grey view");
    v("invert", invert, "probability of inverted colours");
    v("posterise", posterise, "probability of 3 to 5 levels a channel");
    v("brightness", brightness, "largest shift of all colours");
    v("contrast", contrast, "largest relative change of contrast");
    v("recolour_outline", recolour_outline, "probability of another colour for black outlines");
    v("thickness", thickness, "probability of thicker shapes (alpha spread by a pixel)");
    v("white_background", white_background, "probability of a white background");
    v("textured_background", textured_background,
      "probability of a gradient, stripes or checks instead of one colour, where not white");
    v("distractor", distractor, "probability of another drawing behind, small and faded");
    v("erase", erase, "probability of a filled rectangle over a part");
    v("noise", noise, "standard deviation of the largest pixel noise");
  }
  /// Throws Error when a field is out of its range.
  void validate();
};

/// What is shown and what may be done with it. Pictures are RGBA and square (see square_picture.h).
struct AugmentInput {
  media::Image picture;
  bool opaque = false;    ///< fills its frame: zoom does not count
  bool line_art = false;  ///< black lines on nothing: may be recoloured
  bool mirrorable = true;
  std::function<media::Image()> distractor;  ///< another picture to stand behind; may be null
};

/// Turns pictures into encoder input. Not for use by two threads at once (scratch space);
/// copies are independent. The same Rng state gives the same view on every machine of one build.
class Augmenter {
 public:
  /// transform: S, mean and std of the output. Throws Error when a config is out of range.
  Augmenter(const AugmentConfig& config, const media::TransformConfig& transform);

  /// The evaluation view of a see-through square picture: centred on white. out is [3, S, S],
  /// normalised.
  void clean(const media::Image& picture, std::span<float> out);
  /// A random view. out is [3, S, S], normalised.
  void augment(const AugmentInput& input, Rng& rng, std::span<float> out);

  int64_t side() const { return side_; }

 private:
  Placement clean_placement(int64_t source) const;
  /// Of a picture of `source` pixels, shown `zoom` times as large as its frame.
  Placement random_placement(int64_t source, double zoom, bool mirrorable, Rng& rng) const;
  void paint_background(const AugmentInput& input, double low, double high, Rng& rng);
  void vary_foreground(Rng& rng);
  void vary_picture(Rng& rng);
  void write(std::span<float> out) const;

  AugmentConfig config_;
  int64_t side_;
  std::array<float, 3> mean_ = {}, scale_ = {};  ///< of each channel; out = (value - mean) * scale
  Sprite sprite_;
  std::vector<float> foreground_;  ///< premultiplied planes [4, S, S]
  std::vector<float> picture_;     ///< planes [3, S, S] in [0, 1]
};

}  // namespace flamingo::pictures
