#include "flamingo/plan/cluster_plan.h"

#include <string>

#include "flamingo/core/error.h"

namespace flamingo::plan {
namespace {

constexpr const char* kClusterWhere = "Cluster";

void divide(int64_t& extent, int64_t parts, const char* name) {
  require(extent % parts == 0, kClusterWhere, "expected tensor_parallel to divide {} {}, got {}",
          name, extent, parts);
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
  require(cluster.tensor_parallel > 0 && cluster.data_parallel > 0 && parts > 0, kClusterWhere,
          "expected at least one device, group and part");
  require(cluster.device_tflops > 0, kClusterWhere, "expected device_tflops > 0");
  require(cluster.devices() == 1 || cluster.link_gbps > 0, kClusterWhere, "expected link_gbps > 0");
  const model::FlamingoConfig part = shard(config, cluster.tensor_parallel);
  const auto pieces = static_cast<double>(parts);
  ClusterPlan plan;
  plan.memory = step_memory(part, shape, training, storage);
  plan.memory.moments /= cluster.data_parallel;
  const TrainStepFlops own = train_step_flops(part, shape, training, storage.checkpoint_blocks);
  plan.compute = pieces * own.total() / (cluster.device_tflops * 1e12);
  const double all = pieces * static_cast<double>(cluster.data_parallel);
  const TrainStepFlops whole = train_step_flops(config, shape, training, storage.checkpoint_blocks);
  plan.flops = {all * whole.forward, all * whole.backward, all * whole.recomputed};
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
