#pragma once

#include <torch/nn/module.h>

#include <memory>

namespace flamingo::vision {

/// A picture encoder: pixels in, one feature vector per patch out. Frozen in Flamingo training.
class VisionEncoder : public torch::nn::Module {
 public:
  /// pixels [N, 3, S, S] (normalised) -> features [N, P, Dv], rows of patches from the top left.
  virtual torch::Tensor forward(const torch::Tensor& pixels) = 0;
  /// Dv.
  virtual int64_t dim() const = 0;
  /// S the encoder is meant for, in pixels.
  virtual int64_t image_size() const = 0;
};

/// An encoder shared by a model and what trains or caches it.
using VisionEncoderPtr = std::shared_ptr<VisionEncoder>;

}  // namespace flamingo::vision
