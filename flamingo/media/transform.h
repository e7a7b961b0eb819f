#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "flamingo/media/image.h"
#include "flamingo/media/resize.h"

namespace flamingo::media {

/// How a picture of any extents becomes S x S pixels.
///
///   kOpenClip  shorter side to S in the file's own mode, centre crop, RGB (alpha dropped)
///   kIdefics   over white unless RGB (whose colour key is ignored, as there), both sides squashed
///              to S
///   kNative    over white, fitted into S x S with its aspect ratio, the rest filled with the mean
///
/// Sources: open_clip's inference transform; IdeficsImageProcessor; Alayrac et al. 2022,
/// section 2.2 (inputs keep their aspect ratio, padded with the mean).
enum class TransformMode { kOpenClip, kIdefics, kNative };

constexpr std::array<std::pair<TransformMode, const char*>, 3> enum_table(TransformMode) {
  return {{{TransformMode::kOpenClip, "open_clip"},
           {TransformMode::kIdefics, "idefics"},
           {TransformMode::kNative, "native"}}};
}

/// From a decoded picture to the pixels that an encoder takes.
struct TransformConfig {
  TransformMode mode = TransformMode::kNative;
  int64_t size = 320;  // the paper's training resolution
  ResizeFilter filter = ResizeFilter::kBicubic;
  std::vector<float> mean = {0.48145466f, 0.4578275f, 0.40821073f};
  std::vector<float> std = {0.26862954f, 0.26130258f, 0.27577711f};

  template <class Visitor>
  void visit(Visitor& v) {
    v("mode", mode, "open_clip, idefics or native");
    v("size", size, "pixels of each side after the transform");
    v("filter", filter, "nearest, bilinear or bicubic");
    v("mean", mean, "mean of each channel of RGB, in [0, 1]");
    v("std", std, "standard deviation of each channel of RGB");
  }
  /// Throws Error: size outside [1, 4096], other than 3 values, a std that is not positive.
  void validate() const;
};

/// Normalised pixels [3, size, size], channels R, G, B.
struct PixelTensor {
  int64_t size = 0;
  std::vector<float> values;
};

/// The S x S RGB picture that the encoder sees, before normalising (kNative: the padding holds the
/// mean rounded to 8 bits). Throws Error for an invalid config or image.
Image transform_to_rgb(const Image& image, const TransformConfig& config);

/// transform_to_rgb, then (x / 255 - mean) / std; padding is exactly 0.
PixelTensor transform_image(const Image& image, const TransformConfig& config);

}  // namespace flamingo::media
