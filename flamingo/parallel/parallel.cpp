#include "flamingo/parallel/parallel.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::parallel {
namespace {

constexpr double kMib = 1 << 20;
constexpr double kLargestBucket = 1024;  // MiB

}  // namespace

void ParallelConfig::validate() const {
  require(tensor > 0, "parallel.tensor", "expected at least 1, got {}", tensor);
  require(bucket_mib > 0 && bucket_mib <= kLargestBucket, "parallel.bucket_mib",
          "expected more than 0 and at most 1024, got {}", bucket_mib);
  require(check_every > 0, "parallel.check_every", "expected at least 1, got {}", check_every);
}

Parallel::Parallel(const ParallelConfig& config, const ProcessGroup& world)
    : config_((config.validate(), config)), grid_(ProcessGrid::of(world, config.tensor)) {}

void Parallel::shard_frozen(torch::nn::Module& module) {
  if (!config_.shard_frozen || grid_.data.size() == 1) return;
  frozen_ = std::make_unique<ShardedWeights>(module, grid_.data.duplicate("frozen"));
}

void Parallel::restore_frozen() {
  if (frozen_) frozen_->restore();
}

void Parallel::require_even(int64_t num_parts) const {
  if (frozen_)
    grid_.data.require_same(std::to_string(num_parts),
                            "number of parts of a step (with parallel.shard_frozen)");
}

void Parallel::prepare(torch::nn::Module& module, const TensorLayout& layout) {
  if (grid_.world.size() == 1) return;
  layout_ = layout;
  CheckedWeights weights;
  std::vector<torch::Tensor> trained;
  for (const auto& item : module.named_parameters()) {
    const torch::Tensor& parameter = item.value();
    if (!parameter.requires_grad()) {
      const bool elsewhere = parameter.is_meta() || (frozen_ && frozen_->holds(parameter));
      if (!elsewhere) weights.frozen.push_back(parameter);
      continue;
    }
    trained.push_back(parameter);
    (layout.shards.contains(item.key()) ? weights.cut : weights.replicated).push_back(parameter);
    if (std::find(layout.partial.begin(), layout.partial.end(), item.key()) != layout.partial.end())
      partial_.push_back(parameter);
  }
  if (frozen_) {
    for (auto& piece : frozen_->pieces()) weights.frozen.push_back(std::move(piece));
  }
  buckets_ = std::make_unique<GradientBuckets>(trained, grid_.data,
                                               static_cast<int64_t>(config_.bucket_mib * kMib));
  check_ = std::make_unique<WeightCheck>(std::move(weights), grid_);
  check_->run("start");
}

void Parallel::before_last_backward() {
  if (buckets_) buckets_->before_last_backward();
}

void Parallel::finish_gradients() {
  if (!buckets_) return;
  buckets_->finish();
  for (const torch::Tensor& parameter : partial_) {
    if (parameter.grad().defined()) grid_.tensor.all_reduce(parameter.grad());
  }
}

void Parallel::check_weights(int64_t step) const {
  if (check_ && step % config_.check_every == 0) check_->run("step " + std::to_string(step));
}

}  // namespace flamingo::parallel
