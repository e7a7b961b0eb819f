#pragma once

#include <string>
#include <vector>

#include "flamingo/train/optimizer.h"

namespace flamingo::train {

/// The trained parameters as they were when the validation loss was smallest:
/// <folder>/best.safetensors.
class BestWeights {
 public:
  /// Removes what a killed run may have left of the file.
  BestWeights(const std::string& folder, std::vector<NamedTensor> parameters);

  /// Keeps the parameters as they are now, in place of earlier ones. Throws Error on an I/O error.
  void save() const;
  /// Overwrites the parameters with those kept. Throws Error: no such file, other parameters.
  void restore() const;

 private:
  std::string path_;
  std::vector<NamedTensor> parameters_;
};

}  // namespace flamingo::train
