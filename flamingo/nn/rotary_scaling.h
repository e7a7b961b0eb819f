#pragma once

#include <vector>

namespace flamingo::nn {

/// How rotary positions were stretched to longer contexts than a model was first trained on. Linear
/// scaling, YaRN (Peng et al. 2023), Llama 3's and GGUF's frequency factors all come down to this.
struct RotaryScaling {
  std::vector<double> divisors;
  double magnitude = 1.0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("divisors", divisors, "what each of the Dh / 2 frequencies is divided by; empty: nothing");
    v("magnitude", magnitude, "factor of cosines and sines");
  }
};

}  // namespace flamingo::nn
