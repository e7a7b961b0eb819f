#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "flamingo/nn/linear.h"
#include "flamingo/parallel/process_group.h"

namespace flamingo::parallel {

/// Frozen matrices of which each process keeps 1/N: a layer's matrix is gathered just before its
/// product and again just before that product's derivative, and its memory is given back after
/// each. The losses are those of whole weights, bit for bit.
///
///   forward   gather W   y = x W^T   free W
///   backward  gather W   dx = dy W   free W
///
/// Between those, a weight is a tensor of its shape without memory, which nobody may read.
class ShardedWeights {
 public:
  /// Shards the weight of every frozen Linear in `module` that is not packed, whose forward the
  /// processes of `group` then call together. group: used for nothing else, since gathers in the
  /// backward pass come between other collectives (ProcessGroup::duplicate). Nothing is done in a
  /// group of one.
  ShardedWeights(torch::nn::Module& module, const ProcessGroup& group);

  /// Gathers all weights for good.
  void restore();

  /// What this process keeps: a contiguous piece [n] of each matrix [out, in].
  std::vector<torch::Tensor> pieces() const;
  /// Whether this parameter, of any shape, is one of those without memory.
  bool holds(const torch::Tensor& parameter) const;

 private:
  class Matrix;
  std::vector<std::shared_ptr<const Matrix>> matrices_;
  std::vector<nn::Linear> layers_;
};

}  // namespace flamingo::parallel
