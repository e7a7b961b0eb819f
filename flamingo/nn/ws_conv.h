#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <array>
#include <utility>

namespace flamingo::nn {

/// How weight standardisation keeps clear of a zero variance, N being the fan-in:
/// kClamp divides by sqrt(max(N var, eps)) (DeepMind's nfnets), kAdd by sqrt(N (var + eps)) (timm).
enum class WsFloor { kClamp, kAdd };
constexpr std::array<std::pair<WsFloor, const char*>, 2> enum_table(WsFloor) {
  return {{{WsFloor::kClamp, "clamp"}, {WsFloor::kAdd, "add"}}};
}

/// What a weight-standardised convolution is made of.
struct WsConvConfig {
  int64_t in = 0;            ///< channels in
  int64_t out = 0;           ///< channels out
  int64_t kernel = 1;        ///< side in pixels
  int64_t stride = 1;        ///< in pixels
  int64_t groups = 1;        ///< divides in and out
  double input_scale = 1.0;  ///< constant factor on x, multiplied into the small weight instead
  double eps = 1e-4;         ///< see WsFloor
  WsFloor floor = WsFloor::kClamp;
};

/// Convolution with scaled weight standardisation and TensorFlow's SAME padding:
///   W' = gain (W - mean) / sqrt(N var), mean and population variance per output channel in fp32;
///   y = conv(input_scale x, W') + bias, in the type of x; sides become ceil(side / stride).
/// Source: Brock et al. 2021, "High-Performance Large-Scale Image Recognition Without
/// Normalization".
class WsConvImpl : public torch::nn::Module {
 public:
  WsConvImpl(const WsConvConfig& config, const torch::TensorOptions& options);

  /// x [N, in, h, w] -> [N, out, ceil(h / stride), ceil(w / stride)], same type.
  /// Throws Error on any other number of channels.
  torch::Tensor forward(const torch::Tensor& x) const;

  /// input_scale W' [out, in / groups, kernel, kernel] in fp32.
  torch::Tensor standardised() const;

  /// Keeps the standardised weight in `dtype`, so that a frozen encoder does not compute it per
  /// call. Call again after changing weights; train(true) drops it.
  void fold(torch::ScalarType dtype);
  void train(bool on = true) override;

  torch::Tensor weight;  ///< [out, in / groups, kernel, kernel]
  torch::Tensor bias;    ///< [out]
  torch::Tensor gain;    ///< [out, 1, 1, 1], starts at 1

 private:
  WsConvConfig config_;
  torch::Tensor folded_;  ///< [out, in / groups, k, k]; undefined before fold()
};
TORCH_MODULE(WsConv);

}  // namespace flamingo::nn
