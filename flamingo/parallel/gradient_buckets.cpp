#include "flamingo/parallel/gradient_buckets.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <utility>

namespace flamingo::parallel {

struct GradientBuckets::State {
  /// Parameters [begin, end) of the list, sent together.
  struct Bucket {
    size_t begin = 0, end = 0;
    at::Tensor sums;     ///< all gradients, then for each parameter how many processes have one
    size_t missing = 0;  ///< gradients that the last backward pass has not brought yet
    ProcessGroup::Pending pending;
  };

  ProcessGroup group;
  std::vector<at::Tensor> parameters;  ///< in sending order
  std::vector<Bucket> buckets;
  std::vector<size_t> bucket_of;  ///< by parameter
  size_t next = 0;                ///< the first bucket that is not on its way
  bool last_backward = false;

  void arrived(size_t parameter) {
    if (!last_backward) return;
    --buckets[bucket_of[parameter]].missing;
    while (next < buckets.size() && buckets[next].missing == 0) send(buckets[next++]);
  }

  void send(Bucket& bucket) {
    const at::NoGradGuard no_grad;
    int64_t at = 0;
    const int64_t flags = bucket.sums.numel() - static_cast<int64_t>(bucket.end - bucket.begin);
    for (size_t i = bucket.begin; i < bucket.end; ++i) {
      const at::Tensor& gradient = parameters[i].grad();
      auto place = bucket.sums.narrow(0, at, parameters[i].numel());
      gradient.defined() ? place.copy_(gradient.reshape(-1)) : place.zero_();
      bucket.sums[flags + static_cast<int64_t>(i - bucket.begin)].fill_(gradient.defined() ? 1 : 0);
      at += parameters[i].numel();
    }
    bucket.pending = group.start_all_reduce(bucket.sums);
  }

  void receive(Bucket& bucket) {
    bucket.pending.wait();
    int64_t at = 0;
    const auto flags =
        bucket.sums
            .narrow(0, bucket.sums.numel() - static_cast<int64_t>(bucket.end - bucket.begin),
                    static_cast<int64_t>(bucket.end - bucket.begin))
            .cpu();
    const float* counts = flags.const_data_ptr<float>();
    for (size_t i = bucket.begin; i < bucket.end; ++i) {
      at::Tensor& parameter = parameters[i];
      const auto place = bucket.sums.narrow(0, at, parameter.numel()).view_as(parameter);
      parameter.mutable_grad() = counts[i - bucket.begin] > 0 ? place : at::Tensor();
      at += parameter.numel();
    }
  }

  void rewind() {
    next = 0;
    last_backward = false;
    for (Bucket& bucket : buckets) bucket.missing = bucket.end - bucket.begin;
  }
};

namespace {

/// Tells the buckets that a gradient is complete.
template <class State>
class ArrivalHook : public torch::autograd::PostAccumulateGradHook {
 public:
  ArrivalHook(std::weak_ptr<State> state, size_t parameter)
      : state_(std::move(state)), parameter_(parameter) {}
  void operator()(const torch::autograd::Variable&) override {
    if (const auto state = state_.lock()) state->arrived(parameter_);
  }

 private:
  std::weak_ptr<State> state_;
  size_t parameter_;
};

}  // namespace

GradientBuckets::GradientBuckets(const std::vector<at::Tensor>& parameters,
                                 const ProcessGroup& group, int64_t bucket_bytes) {
  if (group.size() == 1 || parameters.empty()) return;
  state_ = std::make_shared<State>();
  state_->group = group;
  state_->parameters.assign(parameters.rbegin(), parameters.rend());
  int64_t numel = 0;
  for (size_t i = 0; i < state_->parameters.size(); ++i) {
    const int64_t added = state_->parameters[i].numel();
    if (i == 0 || (numel + added) * static_cast<int64_t>(sizeof(float)) > bucket_bytes) {
      state_->buckets.push_back({.begin = i});
      numel = 0;
    }
    numel += added;
    state_->buckets.back().end = i + 1;
    state_->bucket_of.push_back(state_->buckets.size() - 1);
    torch::autograd::impl::set_post_acc_grad_hooks(state_->parameters[i],
                                                   std::make_unique<ArrivalHook<State>>(state_, i));
  }
  for (auto& bucket : state_->buckets) {
    int64_t size = static_cast<int64_t>(bucket.end - bucket.begin);
    for (size_t i = bucket.begin; i < bucket.end; ++i) size += state_->parameters[i].numel();
    bucket.sums =
        at::empty({size}, state_->parameters[bucket.begin].options().requires_grad(false));
  }
  state_->rewind();
}

GradientBuckets::~GradientBuckets() {
  if (!state_) return;
  for (const auto& parameter : state_->parameters)
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

void GradientBuckets::before_last_backward() {
  if (state_) state_->last_backward = true;
}

void GradientBuckets::finish() {
  if (!state_) return;
  while (state_->next < state_->buckets.size()) state_->send(state_->buckets[state_->next++]);
  for (auto& bucket : state_->buckets) state_->receive(bucket);
  state_->rewind();
}

}  // namespace flamingo::parallel
