#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "flamingo/parallel/process_group.h"

namespace flamingo::parallel {

/// Sums gradients over processes, a bucket of parameters at a time and beside the backward pass:
/// a bucket goes on its way as soon as all its gradients are there (Li et al. 2020, PyTorch
/// Distributed). Buckets are sent in one fixed order, last parameters first, whatever the order in
/// which their gradients come. A parameter without a gradient counts as 0, and stays without one
/// where no process has any.
class GradientBuckets {
 public:
  /// parameters: contiguous fp32 leaves of any shape, the same list in all processes. A bucket
  /// holds at least one parameter and otherwise at most `bucket_bytes`. Does nothing in a group of
  /// one.
  GradientBuckets(const std::vector<at::Tensor>& parameters, const ProcessGroup& group,
                  int64_t bucket_bytes);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// The backward pass that follows is the last before finish(): its gradients are final.
  void before_last_backward();
  /// Sends what is left (all of it, when there was no backward pass), waits, and puts the sums into
  /// the parameters' gradients.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the parameters' hooks; null in a group of one
};

}  // namespace flamingo::parallel
