#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/nn/linear.h"
#include "flamingo/nn/same_conv.h"
#include "flamingo/nn/typed_list.h"
#include "flamingo/vision/encoder.h"

namespace flamingo::vision {

/// Shape of an inverted bottleneck block.
struct MbConvShape {
  int64_t in = 0;         ///< channels in
  int64_t out = 0;        ///< channels out
  int64_t kernel = 3;     ///< side of the depthwise convolution
  int64_t stride = 1;     ///< of the depthwise convolution
  int64_t expansion = 6;  ///< inner width / in; 1: no convolution widens

  int64_t hidden() const { return in * expansion; }
};

/// Shape of an EfficientNet-Lite (Tan and Le 2019, without squeeze-excite, with ReLU6, stem and
/// head of one width in all sizes). The defaults are Lite0.
struct EfficientNetConfig {
  static constexpr const char* kName = "efficientnet";
  static constexpr const char* kHelp = "EfficientNet-Lite; null for none";
  static constexpr bool kFixedImageSize = false;

  int64_t image_size = 224;  ///< S, pixels
  int64_t stem_width = 32;   ///< channels of the first convolution, whose stride is 2
  std::vector<int64_t> depths{1, 2, 2, 3, 3, 4, 1};  ///< blocks per stage
  std::vector<int64_t> widths{16, 24, 40, 80, 112, 192, 320};
  std::vector<int64_t> kernels{3, 3, 5, 3, 5, 5, 3};
  std::vector<int64_t> strides{1, 2, 2, 2, 1, 2, 1};  ///< of the first block of each stage
  std::vector<int64_t> expansions{1, 6, 6, 6, 6, 6, 6};
  int64_t final_width = 1280;  ///< D0, channels of the closing 1x1 convolution
  int64_t pooled_side = 0;     ///< features are means over so many rows and columns, 0 = all cells
  int64_t projection_dim =
      0;                    ///< Dv of features that are normalised and projected, 0 = they are not
  int64_t num_classes = 0;  ///< width of a linear classifier, 0 = none

  template <class Visitor>
  void visit(Visitor& v) {
    v("image_size", image_size, "picture side in pixels");
    v("stem_width", stem_width, "channels of the first convolution, whose stride is 2");
    v("depths", depths, "blocks per stage");
    v("widths", widths, "channels per stage");
    v("kernels", kernels, "sides of the depthwise convolutions per stage");
    v("strides", strides, "stride of the first block of each stage");
    v("expansions", expansions, "inner width / width of what comes into a block, per stage");
    v("final_width", final_width, "channels of the closing 1x1 convolution");
    v("pooled_side", pooled_side,
      "features are means over so many rows and columns of the feature map, 0 = one of each cell");
    v("projection_dim", projection_dim,
      "width of features that are normalised and projected at last, 0 = they are not");
    v("num_classes", num_classes, "outputs of a linear classifier, 0 = none");
  }

  /// Throws Error naming the first field that does not fit.
  void validate() const;
  /// The blocks of each stage, in order.
  std::vector<std::vector<MbConvShape>> stages() const;
  /// Dv.
  int64_t dim() const { return projection_dim > 0 ? projection_dim : final_width; }
  /// P of pictures of `side` pixels.
  int64_t num_patches(int64_t side) const;
  int64_t num_extra_tokens() const { return 0; }
  /// The middle of the picture, pixels of 8 bits as (x - 127) / 128.
  media::TransformConfig transform() const;
  /// The encoder of this shape.
  VisionEncoderPtr make(const torch::TensorOptions& options) const;
  /// "efficientnet-lite0" .. "efficientnet-lite4".
  static std::vector<EncoderPreset<EfficientNetConfig>> presets();
};

/// One of EfficientNetConfig::presets(). Throws Error listing the names.
EfficientNetConfig efficientnet_preset(std::string_view name);

/// Inverted bottleneck:
///
///   x -- (1x1 convolution, relu6) -- depthwise convolution, relu6 -- 1x1 convolution --+-- y
///    \------------------------- where the shape stays ---------------------------------/
class MbConvImpl : public torch::nn::Module {
 public:
  MbConvImpl(const MbConvShape& shape, const torch::TensorOptions& options);

  /// x [N, in, h, w] -> [N, out, ceil(h / stride), ceil(w / stride)].
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  bool skips_;
  nn::SameConv expand_{nullptr};  ///< null without expansion
  nn::SameConv depthwise_;
  nn::SameConv project_;
};
TORCH_MODULE(MbConv);

/// The blocks of one resolution, in order.
using EfficientNetStage = nn::TypedList<MbConv>;

/// EfficientNet-Lite. Its batch norms are folded into the convolutions (checkpoint/adapters), so
/// that training goes on from what published weights compute, with no statistics of batches.
///
///   pixels --> stem, relu6 --> stages --> 1x1 convolution, relu6 --> (means)     trunk [N, P, D0]
///          --> (norm, projection)                                                head [N, P, Dv]
///
/// Computes in the type of the pixels; folded, in fp32, and each thread its own pictures, so that
/// threads need not wait for each other after every layer.
class EfficientNetImpl : public VisionEncoder {
 public:
  /// Sees named intermediate results: "stem", "stage.<s>", "feature_map", all [N, C, h, w].
  using Tap = std::function<void(const std::string& name, const torch::Tensor& value)>;

  EfficientNetImpl(const EfficientNetConfig& config, const torch::TensorOptions& options);

  /// pixels [N, 3, h, w] of any h and w -> features [N, P, Dv].
  torch::Tensor forward(const torch::Tensor& pixels) override;
  using VisionEncoder::forward;
  torch::Tensor trunk(const torch::Tensor& pixels) override;
  torch::Tensor head(const torch::Tensor& features) override;
  void fold(torch::ScalarType dtype) override;
  void train(bool on = true) override;

  /// pixels [N, 3, h, w] -> feature map [N, D0, ceil(h / 32), ceil(w / 32)] of the Lite sizes.
  torch::Tensor feature_map(const torch::Tensor& pixels, const Tap& tap = {}) const;

  /// features [N, P, Dv] -> logits [N, num_classes]. Throws Error when the config has no
  /// classifier.
  torch::Tensor classify(const torch::Tensor& features) const;

  int64_t dim() const override { return config_.dim(); }
  int64_t image_size() const override { return config_.image_size; }
  const EfficientNetConfig& config() const { return config_; }

 private:
  /// trunk() of pixels [N, 3, h, w] as they are -> [N, P, D0].
  torch::Tensor features(const torch::Tensor& pixels) const;

  EfficientNetConfig config_;
  bool folded_ = false;
  nn::SameConv stem_;
  nn::TypedList<EfficientNetStage> stages_;
  nn::SameConv final_conv_;
  nn::Norm projection_norm_{nullptr};  ///< null when projection_dim is 0
  nn::Linear projection_{nullptr};     ///< the same
  nn::Linear classifier_{nullptr};     ///< null when num_classes is 0
};
TORCH_MODULE(EfficientNet);

}  // namespace flamingo::vision
