#include "flamingo/plan/cluster_plan.h"

#include <string>

#include "flamingo/core/error.h"

namespace flamingo::plan {
namespace {

void divide(int64_t& extent, int64_t parts, const char* name) {
  require(extent % parts == 0, "tensor_parallel", "expected what divides {} {}, got {}", name,
          extent, parts);
  extent /= parts;
}

/// The part of the model that one device of a group holds: as wide, with fewer heads and words.
model::FlamingoConfig shard(model::FlamingoConfig config, int64_t parts) {
  divide(config.lm.num_heads, parts, "lm.num_heads");
  divide(config.lm.num_kv_heads, parts, "lm.num_kv_heads");
  divide(config.lm.ffw_dim, parts, "lm.ffw_dim");
  divide(config.lm.vocab, parts, "lm.vocab");
  divide(config.xattn.num_heads, parts, "xattn.num_heads");
  divide(config.xattn.ffw_dim, parts, "xattn.ffw_dim");
  return config;
}

/// Seconds to sum `bytes` over `members` that pass pieces in a ring: each sends and receives
/// 2 (n - 1) / n of them.
double ring_seconds(double bytes, int64_t members, double gbps) {
  const auto n = static_cast<double>(members);
  return 2 * (n - 1) / n * bytes * 8 / (gbps * 1e9);
}

/// Sums over hidden states in one piece: after attention and feed-forward part of every layer in
/// the forward pass, and before them in the backward pass.
double num_hidden_sums(const model::FlamingoConfig& config, const StepStorage& storage) {
  const int64_t layers = config.lm.num_layers + config.xattn.count(config.lm.num_layers);
  return static_cast<double>(2 * layers * (storage.checkpoint_blocks ? 3 : 2));
}

}  // namespace

ClusterPlan plan_cluster(const model::FlamingoConfig& config, const StepShape& shape, int64_t parts,
                         const StepTraining& training, const StepStorage& storage,
                         const Cluster& cluster) {
  const auto positive = [](const char* where, auto value) {
    require(value > 0, where, "expected more than 0, got {}", value);
  };
  positive("tensor_parallel", cluster.tensor_parallel);
  positive("data_parallel", cluster.data_parallel);
  positive("parts", parts);
  positive("device_tflops", cluster.device_tflops);
  require(cluster.devices() == 1 || cluster.link_gbps > 0, "link_gbps",
          "expected more than 0 where {} devices work together, got {}", cluster.devices(),
          cluster.link_gbps);
  const model::FlamingoConfig part = shard(config, cluster.tensor_parallel);
  const auto pieces = static_cast<double>(parts);
  const StepCost own = measure_step(part, shape, training, storage);
  const StepCost whole =
      cluster.tensor_parallel == 1 ? own : measure_step(config, shape, training, storage);
  ClusterPlan plan{.memory = own.memory};
  plan.memory.moments /= cluster.data_parallel;
  plan.compute = pieces * own.flops.total() / (cluster.device_tflops * 1e12);
  plan.flops = whole.flops.times(pieces * static_cast<double>(cluster.data_parallel));
  if (cluster.devices() == 1) return plan;
  const double hidden = static_cast<double>(storage.compute_bytes()) *
                        static_cast<double>(shape.sequences * shape.tokens * config.lm.dim);
  plan.tensor_sums = pieces * num_hidden_sums(config, storage) *
                     ring_seconds(hidden, cluster.tensor_parallel, cluster.link_gbps);
  plan.gradient_sums = ring_seconds(static_cast<double>(plan.memory.masters), cluster.data_parallel,
                                    cluster.link_gbps);
  return plan;
}

}  // namespace flamingo::plan
