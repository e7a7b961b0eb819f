#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/nn/init.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/typed_list.h"
#include "flamingo/vision/encoder.h"
#include "flamingo/vision/nfnet_config.h"

namespace flamingo::vision {

/// Channel weights from the mean over space: sigmoid(fc2(relu(fc1(mean x)))).
class SqueezeExciteImpl : public torch::nn::Module {
 public:
  SqueezeExciteImpl(int64_t channels, int64_t hidden, const torch::TensorOptions& options);

  /// x [N, C, h, w] -> weights [N, C] in fp32.
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  nn::Linear fc1_;
  nn::Linear fc2_;
};
TORCH_MODULE(SqueezeExcite);

/// Average pool (where the stride is 2) and 1x1 convolution on the shortcut.
class NfnetDownsampleImpl : public torch::nn::Module {
 public:
  NfnetDownsampleImpl(const nn::WsConvConfig& config, int64_t stride,
                      const torch::TensorOptions& options);

  /// h [N, in, h, w] -> [N, out, ceil(h / stride), ceil(w / stride)].
  torch::Tensor forward(const torch::Tensor& h) const;

 private:
  int64_t stride_;
  nn::WsConv conv_;
};
TORCH_MODULE(NfnetDownsample);

/// Where a block is in the net.
struct NfnetBlockPlace {
  int64_t in = 0;      ///< channels in
  int64_t out = 0;     ///< channels out
  int64_t stride = 1;  ///< of the block
  double beta = 1.0;   ///< 1 / expected deviation of x
};

/// One residual block:
///
///   x --- act * beta --+-- conv1 - act - conv2 - act (- conv2b - act) - conv3 -- x 2 SE x gain x
///   alpha --+-- y
///    \                 \-- (pool, 1x1 conv) where shape changes
///    --------------------------------------- /
///     \--------------------------- else x itself
///     ------------------------------------------------------/
///
/// Constant factors (beta and the activation's gain) are multiplied into the weights that follow.
class NfnetBlockImpl : public torch::nn::Module, public nn::InitsItself {
 public:
  NfnetBlockImpl(const NfnetConfig& config, const NfnetBlockPlace& place,
                 const torch::TensorOptions& options);

  /// x [N, in, h, w] -> [N, out, ceil(h / stride), ceil(w / stride)].
  /// keep [N] (1 or 0, or undefined = all 1) multiplies the branch of each sample.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& keep = {}) const;

  /// skipinit_gain = config.skip_gain_init.
  void init_own() override;

  torch::Tensor skipinit_gain;  ///< scalar

 private:
  nn::WsConv add_conv(const std::string& name, const nn::WsConvConfig& config,
                      const torch::TensorOptions& options);

  Activation activation_;
  double alpha_;
  double skip_gain_init_;
  std::vector<nn::WsConv> convs_;        ///< conv1, conv2, (conv2b), conv3
  NfnetDownsample downsample_{nullptr};  ///< null where the shortcut is x itself
  SqueezeExcite attn_last_;
};
TORCH_MODULE(NfnetBlock);

/// The blocks of one resolution, in order.
using NfnetStage = nn::TypedList<NfnetBlock>;

/// 3x3 convolutions with the activation between them, none after the last.
class NfnetStemImpl : public torch::nn::Module {
 public:
  NfnetStemImpl(const NfnetConfig& config, const torch::TensorOptions& options);

  /// pixels [N, 3, h, w] -> [N, stem_channels.back(), h / s, w / s], s the product of stem_strides
  /// (ceil).
  torch::Tensor forward(const torch::Tensor& pixels) const;

 private:
  Activation activation_;
  std::vector<nn::WsConv> convs_;  ///< conv1, conv2, ...
};
TORCH_MODULE(NfnetStem);

/// Linear classifier over the mean of the feature map.
class NfnetHeadImpl : public torch::nn::Module {
 public:
  NfnetHeadImpl(int64_t dim, int64_t num_classes, const torch::TensorOptions& options);
  /// pooled [N, Dv] -> logits [N, num_classes].
  torch::Tensor forward(const torch::Tensor& pooled) const { return fc_->forward(pooled); }

 private:
  nn::Linear fc_;
};
TORCH_MODULE(NfnetHead);

/// NFNet (Brock et al. 2021), the paper's vision encoder (section 2.1: F6, frozen, 2D grid
/// flattened).
///
///   pixels --> stem --> stages --> (1x1 conv) --> activation --> [N, P, Dv]
///
/// Parameter names are timm's (stem.conv1, stages.0.0.conv2b, attn_last.fc1, final_conv, ...);
/// computes in the type of the pixels, weight standardisation in fp32.
class NfnetImpl : public VisionEncoder {
 public:
  /// Sees named intermediate results: "stem", "stage.<s>", "feature_map", all [N, C, h, w].
  using Tap = std::function<void(const std::string& name, const torch::Tensor& value)>;

  NfnetImpl(const NfnetConfig& config, const torch::TensorOptions& options);

  /// pixels [N, 3, h, w] of any h and w -> features [N, P, Dv]. Never drops a block.
  torch::Tensor forward(const torch::Tensor& pixels) override;

  /// The same shapes; in training mode block i of n is dropped per sample at rate stochastic_depth
  /// * i / n, without rescaling. The masks of a picture depend on its seed alone.
  torch::Tensor forward(const torch::Tensor& pixels, std::span<const uint64_t> drop_seeds) override;

  /// pixels [N, 3, h, w] -> feature map [N, Dv, h', w'] after the last activation.
  torch::Tensor feature_map(const torch::Tensor& pixels, std::span<const uint64_t> drop_seeds = {},
                            const Tap& tap = {});

  /// features [N, P, Dv] -> logits [N, num_classes]. Throws Error when the config has no
  /// classifier.
  torch::Tensor classify(const torch::Tensor& features) const;

  /// Precomputes all standardised weights in `dtype` for inference (see WsConvImpl::fold).
  void fold(torch::ScalarType dtype) override;

  int64_t dim() const override { return config_.dim(); }
  int64_t image_size() const override { return config_.image_size; }
  const NfnetConfig& config() const { return config_; }

 private:
  void add_stages(const torch::TensorOptions& options);
  /// [N] on the device of `like` [N, ...]: 0 where the block of a picture is dropped, else 1;
  /// undefined when none can be.
  torch::Tensor keep_mask(int64_t block, std::span<const uint64_t> drop_seeds,
                          const torch::Tensor& like) const;

  NfnetConfig config_;
  NfnetStem stem_;
  nn::TypedList<NfnetStage> stages_;
  nn::WsConv final_conv_{nullptr};  ///< null when final_width is 0
  NfnetHead head_{nullptr};         ///< null when num_classes is 0
};
TORCH_MODULE(Nfnet);

}  // namespace flamingo::vision
