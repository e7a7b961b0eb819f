#pragma once

#include <optional>
#include <vector>

#include "flamingo/vision/registry.h"

namespace flamingo::plan {

/// A convolution as an encoder of square pictures runs it: [in, side, side] -> [out, side / stride,
/// side / stride], rounded up.
struct ConvExtents {
  int64_t side = 1;
  int64_t in = 0;
  int64_t out = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t groups = 1;

  int64_t side_out() const { return (side + stride - 1) / stride; }
  int64_t fan_in() const { return in / groups * kernel * kernel; }
  int64_t weights() const { return out * fan_in(); }
};

/// Of a residual block.
struct NfnetBlockExtents {
  std::vector<ConvExtents> branch;
  std::optional<ConvExtents> shortcut;  ///< a stride is a mean over windows before it
  int64_t excite = 0;                   ///< hidden width of squeeze and excitation
};

/// All convolutions of an NFNet without its classifier, in their order.
struct NfnetLayers {
  std::vector<ConvExtents> stem;
  std::vector<NfnetBlockExtents> blocks;
  std::optional<ConvExtents> last;
};

/// The layers that an encoder of this config has, in order.
NfnetLayers nfnet_layers(const vision::NfnetConfig& config);

/// All convolutions of an EfficientNet without its classifier, in their order.
std::vector<ConvExtents> efficientnet_layers(const vision::EfficientNetConfig& config);

/// What makes a CLIP's patches.
ConvExtents patch_conv(const vision::ClipVitConfig& config);

}  // namespace flamingo::plan
