#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flamingo/parallel/process_group.h"

namespace flamingo::parallel {

/// 64 bits over bytes; any change within one 8-byte word changes them for certain.
uint64_t hash_bytes(std::span<const std::byte> bytes, uint64_t seed);
/// The same over the values of tensors, of any shape, one after the other.
uint64_t hash_tensors(const std::vector<at::Tensor>& tensors);

/// A process's weights by what must hold for them.
struct CheckedWeights {
  std::vector<at::Tensor> frozen;      ///< never change
  std::vector<at::Tensor> replicated;  ///< trained, the same in all processes
  std::vector<at::Tensor> cut;         ///< trained, the same in all processes of a data group
};

/// Finds memory errors and processes that drifted apart: silent corruption would otherwise spread
/// through the next sum of gradients.
class WeightCheck {
 public:
  /// Notes the frozen weights' hash.
  WeightCheck(CheckedWeights weights, const ProcessGrid& grid);

  /// Compares all weights over all processes. Throws Error, in all of them, that names those whose
  /// frozen weights changed, or whose trained ones differ from most others'.
  void run(const std::string& when) const;

 private:
  CheckedWeights weights_;
  ProcessGrid grid_;
  uint64_t frozen_ = 0;
};

}  // namespace flamingo::parallel
