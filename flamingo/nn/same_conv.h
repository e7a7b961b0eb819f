#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <utility>

#include "flamingo/nn/init.h"
#include "flamingo/nn/pixel_product.h"

namespace flamingo::nn {

/// Zeros before and after an axis of `size` pixels so that ceil(size / stride) windows fit;
/// the odd one goes after (TensorFlow's SAME padding).
std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride);

/// Convolution with SAME padding, in the type of x: x [N, C, h, w], kernel [O, C / groups, k, k],
/// bias [O] -> [N, O, ceil(h / stride), ceil(w / stride)]. Throws Error on another number of
/// channels.
at::Tensor same_convolution(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                            int64_t stride, int64_t groups);

/// init_gain of a convolution whose input was cut off at 0: weights of deviation
/// sqrt(2 / fan-in) keep the magnitude (He et al. 2015).
inline constexpr double kReluGain = 1.4142135623730951;

/// What a convolution with SAME padding is made of.
struct SameConvConfig {
  int64_t in = 0;          ///< channels in
  int64_t out = 0;         ///< channels out
  int64_t kernel = 1;      ///< side in pixels
  int64_t stride = 1;      ///< in pixels
  int64_t groups = 1;      ///< divides in and out
  double most = 0;         ///< results are cut off at 0 and here (6: ReLU6); 0: they are not
  double init_gain = 1.0;  ///< multiplies the random weights that training starts from
};

/// Convolution with a bias and SAME padding, and a cut where the config has one.
class SameConvImpl : public torch::nn::Module, public InitsItself {
 public:
  /// Throws Error on sizes that are not positive and groups that do not divide the channels.
  SameConvImpl(const SameConvConfig& config, const torch::TensorOptions& options);

  /// x [N, in, h, w] -> [N, out, ceil(h / stride), ceil(w / stride)], same type.
  /// Throws Error on any other number of channels.
  torch::Tensor forward(const torch::Tensor& x) const;

  /// Keeps fp32 copies of the weights on the CPU for inputs of that type, as forward is fastest
  /// with them: of one pixel for pixel_product(), of one channel a group with a cut for
  /// depthwise_convolution(). Call again after changing weights; train(true) drops them.
  void fold();
  void train(bool on = true) override;

  /// weight *= init_gain.
  void init_own() override;

  torch::Tensor weight;  ///< [out, in / groups, kernel, kernel]
  torch::Tensor bias;    ///< [out]

 private:
  SameConvConfig config_;
  /// What fold() makes of the weights.
  enum class Form { kKernel, kPixel, kDepthwise };
  Form form() const;
  /// forward with folded weights: x [N, in, h, w] fp32 -> [N, out, ceil(h / stride), ceil(w /
  /// stride)].
  torch::Tensor folded_forward(const torch::Tensor& x) const;
  torch::Tensor cut(torch::Tensor y) const;

  torch::Tensor folded_;       ///< fp32: weight, or [kernel, kernel, out] of one channel a group
  torch::Tensor folded_bias_;  ///< [out] fp32
  PixelMatrix matrix_;         ///< of one pixel
};
TORCH_MODULE(SameConv);

}  // namespace flamingo::nn
