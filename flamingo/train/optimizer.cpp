#include "flamingo/train/optimizer.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

constexpr double kNormFloor = 1e-3;  // Brock et al. 2021: eps of adaptive clipping
constexpr double kGradientFloor = 1e-6;
constexpr int64_t kGrain = 1 << 15;  // scalars per thread at least

bool is_vector(const torch::Tensor& tensor) {
  return tensor.dim() < 2 || tensor.numel() == tensor.size(0);
}

/// Numbers that one update of one parameter needs.
struct AdamStep {
  float beta1, beta2, eps;
  float keep;       ///< 1 - lr * weight decay
  float step_size;  ///< lr / (1 - beta1^t)
  float root_bias;  ///< sqrt(1 - beta2^t)
};

void adam_update(float* p, const float* g, float* m, float* v, int64_t count, const AdamStep& s) {
  for (int64_t i = 0; i < count; ++i) {
    m[i] = s.beta1 * m[i] + (1.0f - s.beta1) * g[i];
    v[i] = s.beta2 * v[i] + (1.0f - s.beta2) * g[i] * g[i];
    p[i] = s.keep * p[i] - s.step_size * m[i] / (std::sqrt(v[i]) / s.root_bias + s.eps);
  }
}

double norm_of(const torch::Tensor& gradient) {
  return at::linalg_vector_norm(gradient).item<double>();
}

void require_range(bool good, const char* field, const char* range, double value) {
  require(good, std::string("optimizer.") + field,
          std::string("expected ") + range + ", got " + std::to_string(value));
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

AdamW::AdamW(const OptimizerConfig& config, const torch::nn::Module& module) : config_(config) {
  config.validate();
  for (const auto& item : module.named_parameters()) {
    if (item.value().requires_grad()) slots_.push_back(make_slot(item.key(), item.value()));
  }
  require(!slots_.empty(), "AdamW", "expected parameters that require gradients, got none");
  for (const ParameterRule& rule : config.rules) {
    bool used = false;
    for (const Slot& slot : slots_)
      used = used || slot.name.find(rule.contains) != std::string::npos;
    require(used, "optimizer.rules",
            "expected a part of a trained parameter's name, got \"" + rule.contains + "\"");
  }
}

AdamW::Slot AdamW::make_slot(const std::string& name, const torch::Tensor& parameter) const {
  require(
      parameter.scalar_type() == torch::kFloat32 && parameter.is_contiguous() && parameter.is_cpu(),
      name, "expected a contiguous fp32 parameter in main memory, got another kind");
  Slot slot{name, parameter, torch::zeros_like(parameter), torch::zeros_like(parameter)};
  slot.weight_decay = is_vector(parameter) ? 0.0 : config_.weight_decay;
  for (const ParameterRule& rule : config_.rules) {
    if (name.find(rule.contains) == std::string::npos) continue;
    slot.lr_scale = rule.lr_scale;
    slot.weight_decay = rule.weight_decay.value_or(slot.weight_decay);
    slot.adaptive_clip = rule.adaptive_clip.value_or(0.0);
    break;
  }
  return slot;
}

double AdamW::clip_gradients() {
  const torch::NoGradGuard no_grad;
  double all = 0, common = 0;
  for (const Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const double norm = norm_of(slot.parameter.grad());
    all += norm * norm;
    if (slot.adaptive_clip == 0) common += norm * norm;
  }
  if (!std::isfinite(all)) return all;
  const double common_norm = std::sqrt(common);
  const bool too_long = config_.clip_norm > 0 && common_norm > config_.clip_norm;
  for (Slot& slot : slots_) {
    torch::Tensor& gradient = slot.parameter.mutable_grad();
    if (!gradient.defined()) continue;
    if (slot.adaptive_clip > 0) {
      clip_adaptively(slot.parameter, gradient, slot.adaptive_clip);
    } else if (too_long) {
      gradient.mul_(config_.clip_norm / common_norm);
    }
  }
  return std::sqrt(all);
}

void AdamW::step(double lr_factor) {
  const torch::NoGradGuard no_grad;
  ++updates_;
  const double bias1 = 1.0 - std::pow(config_.beta1, static_cast<double>(updates_));
  const double bias2 = 1.0 - std::pow(config_.beta2, static_cast<double>(updates_));
  for (Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const torch::Tensor gradient = slot.parameter.grad().contiguous();
    const double lr = config_.lr * lr_factor * slot.lr_scale;
    const AdamStep numbers{
        static_cast<float>(config_.beta1), static_cast<float>(config_.beta2),
        static_cast<float>(config_.eps),   static_cast<float>(1.0 - lr * slot.weight_decay),
        static_cast<float>(lr / bias1),    static_cast<float>(std::sqrt(bias2))};
    float* p = slot.parameter.data_ptr<float>();
    const float* g = gradient.const_data_ptr<float>();
    float* m = slot.moment1.data_ptr<float>();
    float* v = slot.moment2.data_ptr<float>();
    at::parallel_for(0, slot.parameter.numel(), kGrain, [&](int64_t begin, int64_t end) {
      adam_update(p + begin, g + begin, m + begin, v + begin, end - begin, numbers);
    });
  }
}

void AdamW::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

std::vector<NamedTensor> AdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : slots_) {
    tensors.push_back({"parameter/" + slot.name, slot.parameter});
    tensors.push_back({"moment1/" + slot.name, slot.moment1});
    tensors.push_back({"moment2/" + slot.name, slot.moment2});
  }
  return tensors;
}

std::vector<NamedTensor> AdamW::parameters() const {
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : slots_) tensors.push_back({slot.name, slot.parameter});
  return tensors;
}

int64_t AdamW::num_trained() const {
  int64_t count = 0;
  for (const Slot& slot : slots_) count += slot.parameter.numel();
  return count;
}

}  // namespace flamingo
