#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

namespace flamingo::plan {

/// What a tensor of a training step is for.
enum class StepPart {
  kWeight,      ///< made before the step
  kGradient,    ///< of a weight
  kActivation,  ///< of the forward pass, computed again or not
  kLogits,      ///< and what their loss needs
  kBuffer,      ///< of the backward pass
  kElsewhere    ///< counted by somebody else
};

/// Counts the memory that this thread's tensors on the meta device would take, while it lives: one
/// at a time for each thread. What is made in a backward pass is a buffer, unless it is computed
/// again (nn/recompute.h).
class MetaMemory {
 public:
  struct Ledger;

  MetaMemory();
  ~MetaMemory();
  MetaMemory(const MetaMemory&) = delete;
  MetaMemory& operator=(const MetaMemory&) = delete;

  /// What the tensors of a forward pass are for from now on; weights at first.
  void enter(StepPart part);
  /// Says what one tensor, of any shape, is for.
  void assign(const at::Tensor& tensor, StepPart part);

  /// Lets the peak be what there is now, until there is more.
  void forget_peak();

  /// Bytes now.
  int64_t live() const;
  /// Bytes when there were most of them, of all parts or of one.
  int64_t peak() const;
  int64_t at_peak(StepPart part) const;

 private:
  std::shared_ptr<Ledger> ledger_;
};

}  // namespace flamingo::plan
