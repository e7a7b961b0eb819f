#include "flamingo/parallel/tensor_shard.h"

#include <ATen/Functions.h>

#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::parallel {
namespace {

class ColumnParallel : public nn::AroundProduct {
 public:
  explicit ColumnParallel(ProcessGroup group) : group_(std::move(group)) {}
  torch::Tensor before(const torch::Tensor& x) const override {
    if (!at::GradMode::is_enabled() || !x.requires_grad()) return x;
    auto copy = x.view_as(x);
    copy.register_hook([group = group_](const torch::Tensor& gradient) {
      const auto sum = gradient.clone(at::MemoryFormat::Contiguous);
      group.all_reduce(sum);
      return sum;
    });
    return copy;
  }

 private:
  ProcessGroup group_;
};

class RowParallel : public nn::AroundProduct {
 public:
  explicit RowParallel(ProcessGroup group) : group_(std::move(group)) {}
  /// In place: a product's derivative does not need the product.
  torch::Tensor after(const torch::Tensor& y) const override {
    group_.all_reduce(y.detach());
    return y;
  }

 private:
  ProcessGroup group_;
};

}  // namespace

at::Tensor cut(const at::Tensor& whole, const TensorShard& shard, int64_t rank, int64_t size) {
  std::vector<at::Tensor> pieces;
  for (const auto& part : whole.split_with_sizes(shard.parts, shard.axis)) {
    const int64_t extent = part.size(shard.axis);
    require(extent % size == 0, "tensor parallel", "expected extents that {} divides, got {}", size,
            extent, Hint{"heads, key/value heads and feed-forward widths are shared evenly"});
    pieces.push_back(part.narrow(shard.axis, rank * (extent / size), extent / size));
  }
  return at::cat(pieces, shard.axis).contiguous();
}

at::Tensor join(const at::Tensor& shards, const TensorShard& shard) {
  const int64_t size = shards.size(0);
  std::vector<int64_t> extents;
  for (const int64_t part : shard.parts) extents.push_back(part / size);
  std::vector<std::vector<at::Tensor>> by_part(extents.size());
  for (int64_t rank = 0; rank < size; ++rank) {
    const auto pieces = shards[rank].split_with_sizes(extents, shard.axis);
    for (size_t i = 0; i < pieces.size(); ++i) by_part[i].push_back(pieces[i]);
  }
  std::vector<at::Tensor> parts;
  for (const auto& pieces : by_part) parts.push_back(at::cat(pieces, shard.axis));
  return at::cat(parts, shard.axis);
}

std::shared_ptr<const nn::AroundProduct> column_parallel(const ProcessGroup& group) {
  return std::make_shared<ColumnParallel>(group);
}

std::shared_ptr<const nn::AroundProduct> row_parallel(const ProcessGroup& group) {
  return std::make_shared<RowParallel>(group);
}

}  // namespace flamingo::parallel
