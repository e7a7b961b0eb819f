#include "flamingo/train/sharded_state.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::train {

ShardedState::ShardedState(const torch::nn::Module& module, OptimizerShare share)
    : share_(std::move(share)) {
  for (const auto& item : module.named_parameters()) {
    const torch::Tensor& value = item.value();
    if (!value.requires_grad()) continue;
    if (value.scalar_type() != torch::kFloat32 || !value.is_contiguous())
      fail(item.key(), "expected a contiguous fp32 parameter, got {} {}",
           value.is_contiguous() ? "a contiguous" : "a strided", at::toString(value.scalar_type()));
    TrainedParameter& parameter = parameters_.emplace_back();
    parameter.name = item.key();
    parameter.value = value;
    const auto shard = share_.layout.shards.find(item.key());
    if (shard != share_.layout.shards.end()) parameter.shard = shard->second;
  }
  require(!parameters_.empty(), "AdamW", "expected parameters that require gradients, got none");
  assign_owners();
}

/// Largest parameters first, each to the process that has least so far.
void ShardedState::assign_owners() {
  std::vector<size_t> order(parameters_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return parameters_[a].value.numel() > parameters_[b].value.numel();
  });
  std::vector<int64_t> loads(static_cast<size_t>(share_.moments.size()));
  for (const size_t i : order) {
    TrainedParameter& parameter = parameters_[i];
    const auto least = std::min_element(loads.begin(), loads.end());
    parameter.owner = least - loads.begin();
    *least += parameter.value.numel();
    if (!owns(parameter)) continue;
    parameter.moment1 = torch::zeros_like(parameter.value);
    parameter.moment2 = torch::zeros_like(parameter.value);
  }
}

void ShardedState::send_updates() const {
  if (share_.moments.size() == 1) return;
  for (int64_t owner = 0; owner < share_.moments.size(); ++owner) {
    std::vector<torch::Tensor> updated;
    for (const TrainedParameter& parameter : parameters_) {
      if (parameter.owner == owner && parameter.value.grad().defined())
        updated.push_back(parameter.value.detach().view(-1));
    }
    if (updated.empty()) continue;
    const auto all = at::cat(updated);
    share_.moments.broadcast(all, owner);
    if (owner == share_.moments.rank()) continue;
    int64_t at = 0;
    for (torch::Tensor& value : updated) {
      value.copy_(all.narrow(0, at, value.numel()));
      at += value.numel();
    }
  }
}

torch::Tensor ShardedState::whole(const torch::Tensor& own,
                                  const TrainedParameter& parameter) const {
  const torch::NoGradGuard no_grad;
  torch::Tensor value = own.defined() ? own : torch::empty_like(parameter.value);
  if (!own.is_same(parameter.value)) share_.moments.broadcast(value.detach(), parameter.owner);
  if (parameter.shard)
    value = parallel::join(share_.tensor.all_gather(value.detach()), *parameter.shard);
  const bool first = share_.moments.rank() == 0 && share_.tensor.rank() == 0;
  return first ? value : torch::Tensor();
}

std::vector<NamedTensor> ShardedState::whole() const {
  std::vector<NamedTensor> tensors;
  for (const TrainedParameter& p : parameters_) {
    tensors.push_back({"parameter/" + p.name, whole(p.value, p)});
    tensors.push_back({"moment1/" + p.name, whole(p.moment1, p)});
    tensors.push_back({"moment2/" + p.name, whole(p.moment2, p)});
  }
  return tensors;
}

std::vector<NamedTensor> ShardedState::empty() const {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const char* kind, const torch::Tensor& own, const TrainedParameter& p) {
    const std::string name = kind + p.name;
    if (own.defined() && !p.shard) {
      tensors.push_back({name, own});
      return;
    }
    auto shape = p.value.sizes().vec();
    if (p.shard) {
      const auto& parts = p.shard->parts;
      shape[static_cast<size_t>(p.shard->axis)] =
          std::accumulate(parts.begin(), parts.end(), int64_t{0});
    }
    tensors.push_back({name, torch::empty(shape, torch::kFloat32)});
  };
  for (const TrainedParameter& p : parameters_) {
    add("parameter/", p.value, p);
    add("moment1/", p.moment1, p);
    add("moment2/", p.moment2, p);
  }
  return tensors;
}

void ShardedState::set(const std::vector<NamedTensor>& state) const {
  const torch::NoGradGuard no_grad;
  require(state.size() == 3 * parameters_.size(), "AdamW",
          "expected the {} tensors of empty_state, got {}", 3 * parameters_.size(), state.size());
  auto next = state.begin();
  for (const TrainedParameter& p : parameters_) {
    for (const torch::Tensor& own : {p.value, p.moment1, p.moment2}) {
      const torch::Tensor& value = (next++)->value;
      if (!own.defined() || own.is_same(value)) continue;
      own.detach().copy_(
          p.shard ? parallel::cut(value, *p.shard, share_.tensor.rank(), share_.tensor.size())
                  : value);
    }
  }
}

}  // namespace flamingo::train
