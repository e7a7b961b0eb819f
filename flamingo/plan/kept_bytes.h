#pragma once

#include <cstdint>

#include "flamingo/nn/mlp.h"
#include "flamingo/nn/norm.h"

namespace flamingo::plan {

/// A stretch of the forward pass: what it keeps, what its backward pass works with besides, and
/// the gradients that this leaves. In bytes.
struct StepUnit {
  int64_t kept = 0;
  int64_t buffers = 0;
  int64_t gradients = 0;
  int64_t waiting = 0;  ///< gradients of activations that an earlier unit takes; below 0: that one
};

/// One after the other: buffers are those of the one that needs more.
StepUnit operator+(const StepUnit& a, const StepUnit& b);

/// Bytes of values in the compute type, which has `c` bytes.
///
/// What an operation keeps: a product its factors, where the other one wants a gradient (an fp32
/// master's copy in the compute type too); a norm its input in fp32, softmax its result, which is a
/// factor too; pointwise functions their input or result. nn/bf16_kernels keeps the input of a
/// frozen RMS norm and of SwiGLU as they are.
class KeptBytes {
 public:
  explicit KeptBytes(int64_t compute_bytes) : c_(compute_bytes) {}

  /// A product [rows, in] x [in, out] with an fp32 master, which is trained or not.
  StepUnit linear(int64_t rows, int64_t in, int64_t out, bool trained) const;
  /// What LoRA adds to a product.
  StepUnit lora(int64_t rows, int64_t in, int64_t out, int64_t rank) const;
  StepUnit norm(int64_t rows, int64_t dim, const nn::NormConfig& config, bool trained) const;
  /// Softmax of `scores` values and the product after it.
  int64_t softmax(int64_t scores) const { return c_ * scores; }
  /// Softmax with a bias that wants a gradient.
  int64_t plain_softmax(int64_t scores) const { return (c_ == 4 ? 4 : 4 + c_) * scores; }
  /// A feed-forward part whose weights are trained masters, or only read.
  StepUnit ffw(int64_t rows, const nn::MlpConfig& mlp, bool trained) const;

 private:
  int64_t c_;
};

}  // namespace flamingo::plan
