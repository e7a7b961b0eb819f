#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <string>
#include <vector>

#include "flamingo/train/sharded_state.h"

namespace flamingo::train {

/// Other settings for parameters whose name contains a text; the first rule that fits counts.
struct ParameterRule {
  std::string contains;
  double lr_scale = 1.0;
  std::optional<double> weight_decay;
  std::optional<double> adaptive_clip;

  template <class Visitor>
  void visit(Visitor& v) {
    v("contains", contains, "part of the parameter's name");
    v("lr_scale", lr_scale, "factor on the learning rate");
    v("weight_decay", weight_decay, "instead of the common one, vectors included");
    v("adaptive_clip", adaptive_clip,
      "clip each unit's gradient to this part of its weight's norm");
  }
};

/// AdamW (Loshchilov and Hutter 2019) and gradient clipping. Defaults are the paper's where it has
/// any (section 2.3: weight decay 0.1, clip 1, lr 1e-4).
struct OptimizerConfig {
  double lr = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.1;
  double clip_norm = 1.0;
  std::vector<ParameterRule> rules;

  template <class Visitor>
  void visit(Visitor& v) {
    v("lr", lr, "peak learning rate");
    v("beta1", beta1, "decay of the first moment");
    v("beta2", beta2, "decay of the second moment");
    v("eps", eps, "added to the root of the second moment");
    v("weight_decay", weight_decay,
      "of parameters of rank 2 and more (gains [C, 1, ..] count as vectors)");
    v("clip_norm", clip_norm,
      "largest common norm of the gradients without adaptive clipping; 0 = any");
    v("rules", rules, "other settings by parameter name");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// AdamW over the parameters of a module that require gradients; the parameters are the fp32
/// masters, on any device. With several processes, all of them call the same functions together.
class AdamW {
 public:
  /// Throws Error: nothing to train, a parameter that is not contiguous fp32, a rule that fits no
  /// parameter, adaptive clipping of units that are cut.
  AdamW(const OptimizerConfig& config, const torch::nn::Module& module, OptimizerShare share = {});

  /// Clips: units with adaptive clipping one by one, all other gradients by their common norm.
  /// Returns the common norm of all gradients before; it is not finite when any gradient is not.
  double clip_gradients();
  /// One update with the gradients at hand by libtorch's fused kernel; parameters without a
  /// gradient stay. lr_factor: the schedule's.
  /// Source: Loshchilov and Hutter 2019, algorithm 2.
  void step(double lr_factor);
  /// Forgets the gradients.
  void zero_grad();

  /// Updates so far (the exponent of the bias correction).
  int64_t updates() const { return updates_; }
  /// Everything that step() reads and writes, as one process has it (see ShardedState::whole).
  std::vector<NamedTensor> state() const { return state_.whole(); }
  /// Tensors of those names and shapes to be overwritten and given to set_state.
  std::vector<NamedTensor> empty_state() const { return state_.empty(); }
  /// Takes this process's share of a state and the number of its updates.
  void set_state(const std::vector<NamedTensor>& state, int64_t updates);
  /// The parameters alone, by their own names.
  std::vector<NamedTensor> parameters() const;
  /// Scalars that are trained.
  int64_t num_trained() const;

 private:
  /// What the rules say of one parameter.
  struct Settings {
    double lr_scale = 1.0;
    double weight_decay = 0.0;
    double adaptive_clip = 0.0;  ///< 0: shares the common norm
  };
  Settings settings_for(const TrainedParameter& parameter) const;

  OptimizerConfig config_;
  ShardedState state_;
  std::vector<Settings> settings_;  ///< of state_.parameters()[i]
  int64_t updates_ = 0;
};

/// Adaptive gradient clipping of one parameter, in place: a unit whose gradient g has
/// |g| > clip * max(|w|, 1e-3) gets g * clip * max(|w|, 1e-3) / max(|g|, 1e-6).
/// Units are the rows [i, ...] of matrices and convolutions; a vector is one unit.
/// Source: Brock et al. 2021, section 4.
void clip_adaptively(const torch::Tensor& weight, torch::Tensor& gradient, double clip);

}  // namespace flamingo::train
