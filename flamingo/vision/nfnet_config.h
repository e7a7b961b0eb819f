#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/nn/activation.h"
#include "flamingo/nn/ws_conv.h"
#include "flamingo/vision/encoder.h"

namespace flamingo::vision {

/// Shape of a normaliser-free ResNet (paper section 2.1 uses F6; Brock et al. 2021, table 1).
struct NfnetConfig {
  static constexpr const char* kName = "nfnet";
  static constexpr const char* kHelp = "NFNet, the paper's encoder; null for none";
  static constexpr bool kFixedImageSize = false;

  int64_t image_size = 192;                             ///< S, pixels
  std::vector<int64_t> stem_channels{16, 32, 64, 128};  ///< 3x3 convolutions before the stages
  std::vector<int64_t> stem_strides{2, 1, 1, 2};
  std::vector<int64_t> depths{1, 2, 6, 3};  ///< blocks per stage
  std::vector<int64_t> widths{256, 512, 1536, 1536};
  std::vector<int64_t> strides{1, 2, 2, 2};  ///< of the first block of each stage
  double bottle_ratio = 0.5;                 ///< inner width / stage width
  int64_t group_width = 128;       ///< channels per group of the 3x3 convolutions, 0 = dense
  bool extra_conv = true;          ///< two 3x3 convolutions per block instead of one
  double se_ratio = 0.5;           ///< squeeze-excite hidden width / stage width
  double alpha = 0.2;              ///< residual branch scale
  double skip_gain_init = 0.0;     ///< start of the learnt branch gain
  double stochastic_depth = 0.25;  ///< drop rate of the (absent) block after the last
  int64_t final_width = 3072;      ///< channels of the closing 1x1 convolution, 0 = none
  int64_t num_classes = 0;         ///< width of a linear classifier, 0 = none
  Activation activation = Activation::kGeluTanh;
  double ws_eps = 1e-4;
  nn::WsFloor ws_floor = nn::WsFloor::kClamp;

  template <class Visitor>
  void visit(Visitor& v) {
    v("image_size", image_size, "picture side in pixels");
    v("stem_channels", stem_channels, "widths of the 3x3 stem convolutions");
    v("stem_strides", stem_strides, "strides of the stem convolutions");
    v("depths", depths, "blocks per stage");
    v("widths", widths, "channels per stage");
    v("strides", strides, "stride of the first block of each stage");
    v("bottle_ratio", bottle_ratio, "inner width / stage width");
    v("group_width", group_width, "channels per group of the 3x3 convolutions, 0 = dense");
    v("extra_conv", extra_conv, "two 3x3 convolutions per block instead of one");
    v("se_ratio", se_ratio, "squeeze-excite hidden width / stage width");
    v("alpha", alpha, "residual branch scale");
    v("skip_gain_init", skip_gain_init, "start of the learnt branch gain");
    v("stochastic_depth", stochastic_depth, "block i of n is dropped at this rate * i / n");
    v("final_width", final_width, "channels of the closing 1x1 convolution, 0 = none");
    v("num_classes", num_classes, "outputs of a linear classifier, 0 = none");
    v("activation", activation, "gelu, gelu_tanh, relu or silu");
    v("ws_eps", ws_eps, "floor of the weight variance");
    v("ws_floor", ws_floor, "clamp (DeepMind) or add (timm)");
  }

  /// Throws Error naming the first field that does not fit.
  void validate() const;
  int64_t num_blocks() const;
  /// P of pictures of `side` pixels.
  int64_t num_patches(int64_t side) const;
  int64_t num_extra_tokens() const { return 0; }
  /// Dv: channels of the feature map.
  int64_t dim() const { return final_width > 0 ? final_width : widths.back(); }
  /// Pictures whole, pixels in [-1, 1], as contrastive pretraining here shows them.
  media::TransformConfig transform() const;
  /// The encoder of this shape.
  VisionEncoderPtr make(const torch::TensorOptions& options) const;
  /// "nfnet-f0" .. "nfnet-f6" (DeepMind's sizes, image_size = their training size) and
  /// "nfnet-pictogram" (3.2 M parameters for 64-pixel pictures on 2 CPU cores).
  static std::vector<EncoderPreset<NfnetConfig>> presets();
};

/// One of NfnetConfig::presets(). Throws Error listing the names.
NfnetConfig nfnet_preset(std::string_view name);

/// Factor that gives the activation of a unit normal variable unit variance.
/// Throws Error for an activation without one.
double activation_gain(Activation kind);

}  // namespace flamingo::vision
