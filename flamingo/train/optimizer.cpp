#include "flamingo/train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::train {
namespace {

constexpr double kNormFloor = 1e-3;  // Brock et al. 2021: eps of adaptive clipping
constexpr double kGradientFloor = 1e-6;

bool is_vector(const torch::Tensor& tensor) {
  return tensor.dim() < 2 || tensor.numel() == tensor.size(0);
}

/// Parameters that one call of the fused kernel updates, with the same rate and decay.
struct UpdateGroup {
  std::vector<at::Tensor> values, gradients, moments1, moments2;
};

double norm_of(const torch::Tensor& gradient) {
  return at::linalg_vector_norm(gradient).item<double>();
}

void require_range(bool good, const char* field, const char* range, double value) {
  if (!good) fail(std::string("optimizer.") + field, "expected {}, got {}", range, value);
}

const OptimizerConfig& validated(const OptimizerConfig& config) {
  config.validate();
  return config;
}

}  // namespace

void OptimizerConfig::validate() const {
  require_range(lr > 0 && std::isfinite(lr), "lr", "more than 0", lr);
  require_range(beta1 >= 0 && beta1 < 1, "beta1", "0 to below 1", beta1);
  require_range(beta2 >= 0 && beta2 < 1, "beta2", "0 to below 1", beta2);
  require_range(eps > 0, "eps", "more than 0", eps);
  require_range(weight_decay >= 0, "weight_decay", "at least 0", weight_decay);
  require_range(clip_norm >= 0, "clip_norm", "at least 0", clip_norm);
}

void clip_adaptively(const torch::Tensor& weight, torch::Tensor& gradient, double clip) {
  const int64_t units = is_vector(weight) ? 1 : weight.size(0);
  const auto unit_norm = [units](const torch::Tensor& t) {
    return at::linalg_vector_norm(t.reshape({units, -1}), 2, {1}, /*keepdim=*/true);
  };
  const auto largest = unit_norm(weight).clamp_min(kNormFloor) * clip;  // [units, 1]
  const auto norm = unit_norm(gradient);                                // [units, 1]
  const auto factor =
      at::where(norm > largest, largest / norm.clamp_min(kGradientFloor), at::ones_like(norm));
  gradient.copy_((gradient.reshape({units, -1}) * factor).view_as(gradient));
}

AdamW::AdamW(const OptimizerConfig& config, const torch::nn::Module& module, OptimizerShare share)
    : config_(validated(config)), state_(module, std::move(share)) {
  for (const ParameterRule& rule : config.rules) {
    const bool used = std::ranges::any_of(state_.parameters(), [&](const TrainedParameter& p) {
      return p.name.find(rule.contains) != std::string::npos;
    });
    require(used, "optimizer.rules", "expected a part of a trained parameter's name, got \"{}\"",
            rule.contains);
  }
  for (const TrainedParameter& parameter : state_.parameters())
    settings_.push_back(settings_for(parameter));
}

AdamW::Settings AdamW::settings_for(const TrainedParameter& parameter) const {
  Settings settings;
  settings.weight_decay = is_vector(parameter.value) ? 0.0 : config_.weight_decay;
  for (const ParameterRule& rule : config_.rules) {
    if (parameter.name.find(rule.contains) == std::string::npos) continue;
    settings.lr_scale = rule.lr_scale;
    settings.weight_decay = rule.weight_decay.value_or(settings.weight_decay);
    settings.adaptive_clip = rule.adaptive_clip.value_or(0.0);
    break;
  }
  require(settings.adaptive_clip == 0 || !parameter.shard || parameter.shard->axis == 0,
          parameter.name, "expected no adaptive clipping of units that processes share, got some");
  return settings;
}

double AdamW::clip_gradients() {
  const torch::NoGradGuard no_grad;
  const auto& parameters = state_.parameters();
  std::vector<double> here(2), cut(2);  // squares of all gradients, of those clipped in common
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].value.grad().defined()) continue;
    const double norm = norm_of(parameters[i].value.grad());
    auto& squares = parameters[i].shard ? cut : here;
    squares[0] += norm * norm;
    if (settings_[i].adaptive_clip == 0) squares[1] += norm * norm;
  }
  cut = state_.share().tensor.sum(cut);
  const double all = here[0] + cut[0], common = here[1] + cut[1];
  if (!std::isfinite(all)) return all;
  const double common_norm = std::sqrt(common);
  const bool too_long = config_.clip_norm > 0 && common_norm > config_.clip_norm;
  for (size_t i = 0; i < parameters.size(); ++i) {
    torch::Tensor& gradient = parameters[i].value.mutable_grad();
    if (!gradient.defined()) continue;
    if (settings_[i].adaptive_clip > 0) {
      clip_adaptively(parameters[i].value, gradient, settings_[i].adaptive_clip);
    } else if (too_long) {
      gradient.mul_(config_.clip_norm / common_norm);
    }
  }
  return std::sqrt(all);
}

void AdamW::step(double lr_factor) {
  const torch::NoGradGuard no_grad;
  ++updates_;
  std::map<std::pair<double, double>, UpdateGroup> groups;  // by rate and decay
  for (size_t i = 0; i < settings_.size(); ++i) {
    const TrainedParameter& parameter = state_.parameters()[i];
    if (!parameter.value.grad().defined() || !state_.owns(parameter)) continue;
    UpdateGroup& group = groups[{config_.lr * lr_factor * settings_[i].lr_scale,  //
                                 settings_[i].weight_decay}];
    group.values.push_back(parameter.value);
    group.gradients.push_back(parameter.value.grad().contiguous());
    group.moments1.push_back(parameter.moment1);
    group.moments2.push_back(parameter.moment2);
  }
  for (auto& [numbers, group] : groups) {
    const auto& [lr, weight_decay] = numbers;
    const auto count =
        at::full({}, static_cast<double>(updates_), group.moments1.front().options());
    const std::vector<at::Tensor> counts(group.values.size(), count);
    at::_fused_adamw_(group.values, group.gradients, group.moments1, group.moments2,
                      /*max_exp_avg_sqs=*/{}, counts, lr, config_.beta1, config_.beta2,
                      weight_decay, config_.eps, /*amsgrad=*/false, /*maximize=*/false);
  }
  state_.send_updates();
}

void AdamW::zero_grad() {
  for (const TrainedParameter& parameter : state_.parameters())
    parameter.value.mutable_grad().reset();
}

void AdamW::set_state(const std::vector<NamedTensor>& state, int64_t updates) {
  state_.set(state);
  updates_ = updates;
}

std::vector<NamedTensor> AdamW::parameters() const {
  std::vector<NamedTensor> tensors;
  for (const TrainedParameter& parameter : state_.parameters())
    tensors.push_back({parameter.name, parameter.value});
  return tensors;
}

int64_t AdamW::num_trained() const {
  int64_t count = 0;
  for (const TrainedParameter& parameter : state_.parameters()) count += parameter.value.numel();
  return count;
}

}  // namespace flamingo::train
