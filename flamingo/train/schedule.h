#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace flamingo::train {

/// How the learning rate goes on after the warm-up.
/// kConstant: stays (paper section 2.3); the others fall to final_fraction at the last step. Linear
/// to 0 is the paper's contrastive schedule (appendix B.1.3), exponential that of its fine-tuning
/// (appendix B.2.2, by factors of 10: final_fraction 0.1, 0.01, ...).
enum class Decay { kConstant, kCosine, kLinear, kExponential };
constexpr std::array<std::pair<Decay, const char*>, 4> enum_table(Decay) {
  return {{{Decay::kConstant, "constant"},
           {Decay::kCosine, "cosine"},
           {Decay::kLinear, "linear"},
           {Decay::kExponential, "exponential"}}};
}

/// Learning rate over training, relative to its peak.
struct ScheduleConfig {
  int64_t warmup = 5000;
  Decay decay = Decay::kConstant;
  double final_fraction = 0.0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("warmup", warmup, "steps of linear rise from 0");
    v("decay", decay, "constant, cosine, linear or exponential");
    v("final_fraction", final_fraction, "part of the peak at the last step, but of constant");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// Factor in [0, 1] for step 0 <= step < total: (step + 1) / warmup while that is below 1, then the
/// decay.
double schedule_factor(const ScheduleConfig& config, int64_t step, int64_t total);

}  // namespace flamingo::train
