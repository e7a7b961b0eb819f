#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "flamingo/parallel/gradient_buckets.h"
#include "flamingo/parallel/process_group.h"
#include "flamingo/parallel/sharded_weights.h"
#include "flamingo/parallel/tensor_shard.h"
#include "flamingo/parallel/weight_check.h"

namespace flamingo::parallel {

/// How the processes of a job share training. None of it changes the loss curve beyond rounding.
struct ParallelConfig {
  int64_t tensor = 1;
  bool shard_moments = true;
  bool shard_frozen = false;
  double bucket_mib = 16;
  int64_t check_every = 100;

  template <class Visitor>
  void visit(Visitor& v) {
    v("tensor", tensor,
      "neighbouring processes that share every layer; the others share the batch");
    v("shard_moments", shard_moments, "each process keeps its share of the optimizer's moments");
    v("shard_frozen", shard_frozen, "each process keeps its share of the frozen blocks' weights");
    v("bucket_mib", bucket_mib, "size of the pieces in which gradients are summed, MiB");
    v("check_every", check_every, "steps between comparisons of all weights over all processes");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// The processes of a training job, and what a step does with them:
///
///   parallel.prepare(module)
///   every part of a step but the last:  loss.backward()
///   the last:  parallel.before_last_backward(), loss.backward()
///   parallel.finish_gradients(), clip, update, parallel.check_weights(step)
///
/// For one process everything is done at once and costs nothing.
class Parallel {
 public:
  /// One process.
  Parallel() = default;
  /// Throws Error when the config does not fit the world.
  Parallel(const ParallelConfig& config, const ProcessGroup& world);

  const ProcessGrid& grid() const { return grid_; }
  /// The one that prints, logs and saves.
  bool is_first() const { return grid_.world.rank() == 0; }
  /// The processes that share the optimizer's moments: the data group, or this one alone.
  ProcessGroup moments_group() const { return config_.shard_moments ? grid_.data : ProcessGroup(); }
  const TensorLayout& layout() const { return layout_; }

  /// Shards the frozen matrices in `module` if the config says so; before prepare().
  void shard_frozen(torch::nn::Module& module);
  /// Gives them back.
  void restore_frozen();
  /// Throws Error unless this number of a step's parts is the same in all processes, where they
  /// must go through the model in step (sharded frozen weights).
  void require_even(int64_t num_parts) const;
  /// Before the first step, when it is settled what is frozen. layout: what tensor parallelism did
  /// to the module's parameters. Throws Error in all processes when their weights differ.
  void prepare(torch::nn::Module& module, const TensorLayout& layout = {});

  void before_last_backward();
  /// Gradients become sums over the processes.
  void finish_gradients();
  /// Compares all weights in steps config.check_every, 2 check_every, ...; see WeightCheck::run.
  void check_weights(int64_t step) const;

 private:
  ParallelConfig config_;
  ProcessGrid grid_;
  TensorLayout layout_;
  std::unique_ptr<ShardedWeights> frozen_;
  std::unique_ptr<GradientBuckets> buckets_;
  std::unique_ptr<WeightCheck> check_;
  std::vector<torch::Tensor> partial_;  ///< see TensorLayout::partial
};

}  // namespace flamingo::parallel
