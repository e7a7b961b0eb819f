#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/nn/linear.h"
#include "flamingo/parallel/process_group.h"

namespace flamingo::parallel {

/// How the processes of a tensor-parallel group share a tensor: along `axis` it is a stack of parts
/// (query, key and value rows), each of which is cut evenly.
struct TensorShard {
  int64_t axis = 0;
  std::vector<int64_t> parts;  ///< extents along the axis, all multiples of the group's size
};

/// The shard of process `rank` of `size`, contiguous: `whole`, of any shape, cut along the
/// shard's axis.
at::Tensor cut(const at::Tensor& whole, const TensorShard& shard, int64_t rank, int64_t size);
/// The opposite: shards [size, ...] in order of ranks -> the whole.
at::Tensor join(const at::Tensor& shards, const TensorShard& shard);

/// What tensor parallelism did to a module's parameters, by their names.
struct TensorLayout {
  std::map<std::string, TensorShard> shards;
  /// Replicated parameters that see this process's heads alone: their gradients are to be summed
  /// over the group. Gradients of all other replicated ones are the same in all of it.
  std::vector<std::string> partial;
};

/// Rows of W are shared: y = x W_i^T is this process's part of y, and x's gradient is the sum over
/// the group (f of Shoeybi et al. 2019, figure 3).
std::shared_ptr<const nn::AroundProduct> column_parallel(const ProcessGroup& group);
/// Columns of W are shared: y = sum over the group of x_i W_i^T (g of the same figure).
std::shared_ptr<const nn::AroundProduct> row_parallel(const ProcessGroup& group);

}  // namespace flamingo::parallel
