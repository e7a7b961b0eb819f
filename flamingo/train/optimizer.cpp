#include "flamingo/train/optimizer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::train {
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
  if (!good) fail(std::string("optimizer.") + field, "expected {}, got {}", range, value);
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
    : config_(config), share_(std::move(share)) {
  config.validate();
  for (const auto& item : module.named_parameters()) {
    if (item.value().requires_grad()) slots_.push_back(make_slot(item.key(), item.value()));
  }
  require(!slots_.empty(), "AdamW", "expected parameters that require gradients, got none");
  for (const ParameterRule& rule : config.rules) {
    bool used = false;
    for (const Slot& slot : slots_)
      used = used || slot.name.find(rule.contains) != std::string::npos;
    require(used, "optimizer.rules", "expected a part of a trained parameter's name, got \"{}\"",
            rule.contains);
  }
  share_out();
}

/// Largest parameters first, each to the process that has least so far.
void AdamW::share_out() {
  std::vector<size_t> order(slots_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return slots_[a].parameter.numel() > slots_[b].parameter.numel();
  });
  std::vector<int64_t> loads(static_cast<size_t>(share_.moments.size()));
  for (const size_t i : order) {
    const auto least = std::min_element(loads.begin(), loads.end());
    slots_[i].owner = least - loads.begin();
    *least += slots_[i].parameter.numel();
    if (!owns(slots_[i])) continue;
    slots_[i].moment1 = torch::zeros_like(slots_[i].parameter);
    slots_[i].moment2 = torch::zeros_like(slots_[i].parameter);
  }
}

AdamW::Slot AdamW::make_slot(const std::string& name, const torch::Tensor& parameter) const {
  if (parameter.scalar_type() != torch::kFloat32 || !parameter.is_contiguous() ||
      !parameter.is_cpu())
    fail(name, "expected a contiguous fp32 parameter in main memory, got {} {} on {}",
         parameter.is_contiguous() ? "a contiguous" : "a strided",
         at::toString(parameter.scalar_type()), parameter.device().str());
  Slot slot{name, parameter};
  const auto shard = share_.layout.shards.find(name);
  if (shard != share_.layout.shards.end()) slot.shard = shard->second;
  slot.weight_decay = is_vector(parameter) ? 0.0 : config_.weight_decay;
  for (const ParameterRule& rule : config_.rules) {
    if (name.find(rule.contains) == std::string::npos) continue;
    slot.lr_scale = rule.lr_scale;
    slot.weight_decay = rule.weight_decay.value_or(slot.weight_decay);
    slot.adaptive_clip = rule.adaptive_clip.value_or(0.0);
    break;
  }
  require(slot.adaptive_clip == 0 || !slot.shard || slot.shard->axis == 0, name,
          "expected no adaptive clipping of units that processes share, got some");
  return slot;
}

double AdamW::clip_gradients() {
  const torch::NoGradGuard no_grad;
  std::vector<double> here(2), cut(2);  // squares of all gradients, of those clipped in common
  for (const Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const double norm = norm_of(slot.parameter.grad());
    auto& squares = slot.shard ? cut : here;
    squares[0] += norm * norm;
    if (slot.adaptive_clip == 0) squares[1] += norm * norm;
  }
  cut = share_.tensor.sum(cut);
  const double all = here[0] + cut[0], common = here[1] + cut[1];
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
    if (!slot.parameter.grad().defined() || !owns(slot)) continue;
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
  send_updates();
}

void AdamW::send_updates() const {
  if (share_.moments.size() == 1) return;
  for (int64_t owner = 0; owner < share_.moments.size(); ++owner) {
    std::vector<torch::Tensor> updated;
    for (const Slot& slot : slots_) {
      if (slot.owner == owner && slot.parameter.grad().defined())
        updated.push_back(slot.parameter.detach().view(-1));
    }
    if (updated.empty()) continue;
    const auto all = at::cat(updated);
    share_.moments.broadcast(all, owner);
    if (owner == share_.moments.rank()) continue;
    int64_t at = 0;
    for (torch::Tensor& parameter : updated) {
      parameter.copy_(all.narrow(0, at, parameter.numel()));
      at += parameter.numel();
    }
  }
}

void AdamW::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

torch::Tensor AdamW::whole(const torch::Tensor& own, const Slot& slot) const {
  const torch::NoGradGuard no_grad;
  torch::Tensor value = own.defined() ? own : torch::empty_like(slot.parameter);
  if (!own.is_same(slot.parameter)) share_.moments.broadcast(value.detach(), slot.owner);
  if (slot.shard) value = parallel::join(share_.tensor.all_gather(value.detach()), *slot.shard);
  const bool first = share_.moments.rank() == 0 && share_.tensor.rank() == 0;
  return first ? value : torch::Tensor();
}

std::vector<NamedTensor> AdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : slots_) {
    tensors.push_back({"parameter/" + slot.name, whole(slot.parameter, slot)});
    tensors.push_back({"moment1/" + slot.name, whole(slot.moment1, slot)});
    tensors.push_back({"moment2/" + slot.name, whole(slot.moment2, slot)});
  }
  return tensors;
}

std::vector<NamedTensor> AdamW::empty_state() const {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const std::string& name, const torch::Tensor& own, const Slot& slot) {
    if (own.defined() && !slot.shard) {
      tensors.push_back({name, own});
      return;
    }
    auto shape = slot.parameter.sizes().vec();
    if (slot.shard) {
      const auto& parts = slot.shard->parts;
      shape[static_cast<size_t>(slot.shard->axis)] =
          std::accumulate(parts.begin(), parts.end(), int64_t{0});
    }
    tensors.push_back({name, torch::empty(shape, torch::kFloat32)});
  };
  for (const Slot& slot : slots_) {
    add("parameter/" + slot.name, slot.parameter, slot);
    add("moment1/" + slot.name, slot.moment1, slot);
    add("moment2/" + slot.name, slot.moment2, slot);
  }
  return tensors;
}

void AdamW::set_state(const std::vector<NamedTensor>& state, int64_t updates) {
  const torch::NoGradGuard no_grad;
  require(state.size() == 3 * slots_.size(), "AdamW",
          "expected the {} tensors of empty_state, got {}", 3 * slots_.size(), state.size());
  updates_ = updates;
  auto next = state.begin();
  for (Slot& slot : slots_) {
    for (torch::Tensor* own : {&slot.parameter, &slot.moment1, &slot.moment2}) {
      const torch::Tensor& value = (next++)->value;
      if (!own->defined() || own->is_same(value)) continue;
      own->copy_(slot.shard
                     ? parallel::cut(value, *slot.shard, share_.tensor.rank(), share_.tensor.size())
                     : value);
    }
  }
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

}  // namespace flamingo::train
