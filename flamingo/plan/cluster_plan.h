#pragma once

#include "flamingo/plan/step_cost.h"

namespace flamingo::plan {

/// Equal devices that train one model together: groups of `tensor_parallel` share each matrix
/// (Shoeybi et al. 2019: heads, hidden widths and vocabulary are divided; encoder, resampler and
/// norms are not), `data_parallel` such groups share the batch and the optimizer's moments (ZeRO
/// stage 1, Rajbhandari et al. 2020). Source of the paper's setting: section B.1.2.
struct Cluster {
  int64_t tensor_parallel = 1;
  int64_t data_parallel = 1;
  double device_tflops = 0;  ///< 10^12 operations a second that one device reaches in products
  double link_gbps = 0;      ///< 10^9 bits a second that one device sends while it receives as many

  int64_t devices() const { return tensor_parallel * data_parallel; }
};

/// One step on a cluster.
struct ClusterPlan {
  StepMemory memory;         ///< of one device
  double compute = 0;        ///< seconds of matrix operations
  double tensor_sums = 0;    ///< seconds of sums over activations within a group
  double gradient_sums = 0;  ///< seconds of sums over gradients between groups
  Flops flops;               ///< of all devices

  /// As if nothing happened at the same time.
  double seconds() const { return compute + tensor_sums + gradient_sums; }
};

/// shape: of the batch of one group, in `parts` pieces one after the other.
/// Throws Error when tensor_parallel does not divide heads, widths and vocabulary, or a rate is not
/// above 0.
ClusterPlan plan_cluster(const model::FlamingoConfig& config, const StepShape& shape, int64_t parts,
                         const StepTraining& training, const StepStorage& storage,
                         const Cluster& cluster);

}  // namespace flamingo::plan
