#include "flamingo/parallel/sharded_weights.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <utility>

namespace flamingo::parallel {
namespace {

/// Replaces a tensor's memory by new memory of `bytes`, for all views of it.
void set_memory(const torch::Tensor& tensor, size_t bytes) {
  auto* storage = tensor.storage().unsafeGetStorageImpl();
  storage->set_data_ptr_noswap(storage->allocator()->allocate(bytes));
  storage->set_nbytes(bytes);
}

}  // namespace

/// One weight, around its layer's product.
class ShardedWeights::Matrix : public nn::AroundProduct,
                               public std::enable_shared_from_this<ShardedWeights::Matrix> {
 public:
  Matrix(torch::Tensor weight, ProcessGroup group)
      : weight_(std::move(weight)), group_(std::move(group)) {
    const torch::NoGradGuard no_grad;
    const int64_t count = (weight_.numel() + group_.size() - 1) / group_.size();
    auto padded = at::zeros({count * group_.size()}, weight_.options().requires_grad(false));
    padded.narrow(0, 0, weight_.numel()).copy_(weight_.reshape(-1));
    piece = padded.narrow(0, group_.rank() * count, count).clone();
    weight_.set_data(at::empty_like(weight_, at::MemoryFormat::Contiguous));
    set_memory(weight_, 0);
  }

  /// Processes whose batches need no gradient here (no additional token among their ids) go through
  /// the backward pass too, since the others' gathers wait for them.
  torch::Tensor before(const torch::Tensor& x) const override {
    acquire();
    const bool lone = at::GradMode::is_enabled() && !x.requires_grad();
    return then(lone ? x.detach().requires_grad_() : x,
                [self = shared_from_this()] { self->release(); });
  }
  torch::Tensor after(const torch::Tensor& y) const override {
    release();
    return then(y, [self = shared_from_this()] { self->acquire(); });
  }

  void acquire() const {
    if (users_++ > 0) return;
    const auto all = at::empty({piece.numel() * group_.size()}, piece.options());
    group_.all_gather_into(all, piece);
    auto* storage = weight_.storage().unsafeGetStorageImpl();
    auto* gathered = all.storage().unsafeGetStorageImpl();
    storage->set_nbytes(gathered->nbytes());
    storage->set_data_ptr_noswap(gathered->set_data_ptr(at::DataPtr()));
  }

  torch::Tensor piece;  ///< [ceil(elements / N)]

  const torch::Tensor& weight() const { return weight_; }

 private:
  void release() const {
    if (--users_ == 0) set_memory(weight_, 0);
  }

  /// x, and `work` when its gradient is there.
  template <class Work>
  static torch::Tensor then(const torch::Tensor& x, Work work) {
    if (!at::GradMode::is_enabled() || !x.requires_grad()) return x;
    auto copy = x.view_as(x);
    copy.register_hook([work](const torch::Tensor&) { work(); });
    return copy;
  }

  torch::Tensor weight_;
  ProcessGroup group_;
  mutable int64_t users_ = 0;
};

ShardedWeights::ShardedWeights(torch::nn::Module& module, const ProcessGroup& group) {
  if (group.size() == 1) return;
  for (const auto& part : module.modules()) {
    const auto layer = std::dynamic_pointer_cast<nn::LinearImpl>(part);
    if (!layer || layer->packed() || layer->weight.requires_grad()) continue;
    matrices_.push_back(std::make_shared<Matrix>(layer->weight, group));
    layer->around.push_back(matrices_.back());
    layers_.emplace_back(layer);
  }
}

void ShardedWeights::restore() {
  for (size_t i = 0; i < layers_.size(); ++i) {
    matrices_[i]->acquire();
    std::erase(layers_[i]->around, matrices_[i]);
  }
  matrices_.clear();
  layers_.clear();
}

std::vector<torch::Tensor> ShardedWeights::pieces() const {
  std::vector<torch::Tensor> pieces;
  for (const auto& matrix : matrices_) pieces.push_back(matrix->piece);
  return pieces;
}

bool ShardedWeights::holds(const torch::Tensor& parameter) const {
  return std::any_of(matrices_.begin(), matrices_.end(),
                     [&](const auto& matrix) { return matrix->weight().is_same(parameter); });
}

}  // namespace flamingo::parallel
