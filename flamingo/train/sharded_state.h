#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <string>
#include <vector>

#include "flamingo/parallel/process_group.h"
#include "flamingo/parallel/tensor_shard.h"

namespace flamingo::train {

/// A tensor of a module or optimizer under its name.
struct NamedTensor {
  std::string name;
  torch::Tensor value;
};

/// Processes that share an optimizer's work. Their gradients are the same before every call.
struct OptimizerShare {
  parallel::ProcessGroup
      moments;  ///< each member keeps the moments of its share of the parameters, updates
                ///< those and sends them to the others (ZeRO stage 1, Rajbhandari 2020)
  parallel::ProcessGroup tensor;  ///< its members hold shards of the parameters in layout.shards
  parallel::TensorLayout layout;
};

/// A trained parameter with its moments, as one process holds them.
struct TrainedParameter {
  std::string name;
  torch::Tensor value;             ///< fp32, contiguous
  torch::Tensor moment1, moment2;  ///< of the same shape; undefined in processes but the owner
  int64_t owner = 0;               ///< rank in share.moments
  std::optional<parallel::TensorShard> shard;
};

/// The trained parameters of a module and their moments, shared among processes: which process
/// updates which, and the whole of them for checkpoints. All processes call the same functions
/// together.
class ShardedState {
 public:
  /// Of every parameter that requires a gradient, with moments of 0 on the parameter's device.
  /// Throws Error: nothing to train, a parameter that is not contiguous fp32.
  ShardedState(const torch::nn::Module& module, OptimizerShare share);

  const std::vector<TrainedParameter>& parameters() const { return parameters_; }
  const OptimizerShare& share() const { return share_; }
  /// Whether this process keeps the parameter's moments and updates it.
  bool owns(const TrainedParameter& parameter) const {
    return parameter.owner == share_.moments.rank();
  }
  /// Gives every process the parameters that their owners updated: those with a gradient.
  void send_updates() const;

  /// "parameter/<name>", "moment1/<name>", "moment2/<name>", whole, whatever the number of
  /// processes. Copies where processes share; then defined in the first process only.
  std::vector<NamedTensor> whole() const;
  /// Tensors of those names and shapes to be overwritten and given to set(); one process's own.
  std::vector<NamedTensor> empty() const;
  /// Takes this process's share of a whole state. Throws Error on another number of tensors.
  void set(const std::vector<NamedTensor>& state) const;

 private:
  void assign_owners();
  /// One of a parameter's tensors, of any shape, a shard or empty as this process holds it, as one
  /// process alone has it; undefined but in rank 0. A collective.
  torch::Tensor whole(const torch::Tensor& own, const TrainedParameter& parameter) const;

  OptimizerShare share_;
  std::vector<TrainedParameter> parameters_;
};

}  // namespace flamingo::train
