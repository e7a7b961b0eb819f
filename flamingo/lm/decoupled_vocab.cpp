#include "flamingo/lm/decoupled_vocab.h"

#include "flamingo/core/shape.h"

namespace flamingo::lm {

DecoupledEmbeddingImpl::DecoupledEmbeddingImpl(const VocabSizes& sizes,
                                               const torch::TensorOptions& frozen,
                                               const torch::TensorOptions& trained)
    : weight(register_parameter("weight", torch::empty({sizes.base, sizes.dim}, frozen))) {
  if (sizes.additional > 0) {
    additional_embedding =
        register_module("additional_embedding", Rows(sizes.additional, sizes.dim, trained));
  }
}

torch::Tensor DecoupledEmbeddingImpl::forward(const torch::Tensor& ids) const {
  expect_shape(ids, {kAny, kAny}, "ids");
  const int64_t base = weight.size(0);
  const int64_t total = base + (additional_embedding ? additional_embedding->weight.size(0) : 0);
  if (ids.numel() > 0 && !ids.is_meta()) {
    const auto [least, greatest] = at::aminmax(ids);
    const int64_t low = least.item<int64_t>(), high = greatest.item<int64_t>();
    require(low >= 0 && high < total, "embed", "expected ids in [0, {}), got {}", total,
            low < 0 ? low : high);
    if (high < base) return at::embedding(weight, ids);
  }
  if (!additional_embedding) return at::embedding(weight, ids);
  const auto is_additional = ids >= base;
  const auto hidden = at::embedding(weight, ids.masked_fill(is_additional, 0));
  const auto rows =
      at::embedding(nn::cast_like(additional_embedding->weight, weight), (ids - base).clamp_min(0));
  return at::where(is_additional.unsqueeze(-1), rows, hidden);
}

DecoupledHeadImpl::DecoupledHeadImpl(const VocabSizes& sizes, bool tied,
                                     const torch::TensorOptions& frozen,
                                     const torch::TensorOptions& trained) {
  if (!tied) weight = register_parameter("weight", torch::empty({sizes.base, sizes.dim}, frozen));
  if (sizes.additional > 0) {
    additional_fc =
        register_module("additional_fc", nn::Linear(sizes.dim, sizes.additional, false, trained));
  }
}

torch::Tensor DecoupledHeadImpl::forward(const torch::Tensor& hidden,
                                         const torch::Tensor& embedding) const {
  const auto logits = parts(hidden, embedding);
  return logits.size() == 1 ? logits[0] : at::cat(logits, -1);
}

std::vector<torch::Tensor> DecoupledHeadImpl::parts(const torch::Tensor& hidden,
                                                    const torch::Tensor& embedding) const {
  std::vector<torch::Tensor> logits{
      nn::linear_by_rows(hidden, nn::cast_like(weight.defined() ? weight : embedding, hidden))};
  if (additional_fc) logits.push_back(additional_fc->forward(hidden));
  return logits;
}

}  // namespace flamingo::lm
