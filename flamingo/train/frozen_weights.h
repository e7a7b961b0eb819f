#pragma once

#include <torch/nn/module.h>

#include <map>
#include <string>

namespace flamingo::train {

/// SHA-256 of the bytes of every parameter that does not require gradients and of every buffer, by
/// name; of weights stored as blocks, of what they decode to. `module` must lie in a shared_ptr.
std::map<std::string, std::string> frozen_hashes(const torch::nn::Module& module);

/// Proof that frozen weights stay as they were: keeps their hashes in <folder>/frozen.json when a
/// run begins, and compares.
class FrozenWeights {
 public:
  /// Throws Error when an earlier start of the run in this folder had other frozen weights.
  FrozenWeights(const std::string& folder, const torch::nn::Module& module);

  /// Throws Error naming the first tensor that is no longer what it was.
  void check() const;

 private:
  std::string path_;
  const torch::nn::Module& module_;
};

}  // namespace flamingo::train
