#include "flamingo/lm/decoder.h"

#include <cmath>
#include <limits>

#include "flamingo/core/shape.h"

namespace flamingo::lm {
namespace {

VocabSizes vocab_sizes(const DecoderConfig& config) {
  return {.base = config.vocab, .additional = config.additional_vocab, .dim = config.dim};
}

/// mask [B, past + T] or undefined -> positions [B or 1, T] of the new tokens: tokens before each.
torch::Tensor new_positions(const torch::Tensor& mask, int64_t past, int64_t count) {
  if (!mask.defined()) {
    return torch::arange(past, past + count, torch::kInt64).unsqueeze(0);
  }
  return (mask.to(torch::kInt64).cumsum(1) - 1).clamp_min(0).narrow(1, past, count);
}

/// 0 where token past + t may see key s, -inf elsewhere: s <= past + t, and s is no padding or the
/// token itself (so that padding rows stay finite). Undefined when everything is visible. mask is
/// on the same device.
torch::Tensor causal_bias(const torch::Tensor& mask, int64_t past, int64_t count,
                          torch::Device device) {
  if (count == 1 && !mask.defined()) return {};
  const auto integers = torch::TensorOptions(torch::kInt64).device(device);
  const auto query = torch::arange(past, past + count, integers).unsqueeze(1);
  const auto key = torch::arange(past + count, integers).unsqueeze(0);
  auto visible = (key <= query).unsqueeze(0).unsqueeze(0);  // [1, 1, T, S]
  if (mask.defined()) {
    const auto valid = mask.to(torch::kBool).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, S]
    visible = visible.logical_and(valid.logical_or((key == query).unsqueeze(0).unsqueeze(0)));
  }
  return torch::zeros(visible.sizes(), torch::TensorOptions().device(device))
      .masked_fill_(visible.bitwise_not(), -std::numeric_limits<float>::infinity());
}

/// Sinusoids [S, D] of distances 0 .. S - 1: sines, then cosines (Dai et al. 2019).
torch::Tensor distance_sinusoids(int64_t count, int64_t dim) {
  const auto frequencies =
      torch::pow(10000.0, torch::arange(0, dim, 2) / -static_cast<double>(dim));
  const auto angles = torch::arange(count).to(torch::kFloat32).unsqueeze(1) * frequencies;
  return torch::cat({angles.sin(), angles.cos()}, 1);
}

/// The padding mask of cached and new tokens together, [B, past + T]; undefined without padding.
torch::Tensor whole_mask(const torch::Tensor& mask, const torch::Tensor& ids,
                         const KvCache* cache) {
  const bool padded_before = cache && cache->mask().defined();
  if (!mask.defined() && !padded_before) return {};
  const auto now =
      mask.defined() ? mask.to(torch::kInt64) : torch::ones(ids.sizes(), torch::kInt64);
  if (!cache || cache->length() == 0) return now;
  const auto past = padded_before ? cache->mask().to(torch::kInt64)
                                  : torch::ones({ids.size(0), cache->length()}, torch::kInt64);
  return torch::cat({past.cpu(), now.cpu()}, 1);
}

}  // namespace

WeightOptions WeightOptions::of(torch::ScalarType compute, torch::Device device,
                                torch::ScalarType trained) {
  return {torch::TensorOptions(compute).device(device),
          torch::TensorOptions(trained).device(device)};
}

DecoderImpl::DecoderImpl(const DecoderConfig& config, const WeightOptions& options)
    : embed_tokens(register_module(
          "embed_tokens",
          DecoupledEmbedding(vocab_sizes(config), options.frozen, options.trained))),
      layers(register_module("layers", nn::make_typed_list<DecoderBlock>())),
      norm(register_module("norm", nn::Norm(config.dim, config.norm, options.frozen))),
      lm_head(register_module("lm_head", DecoupledHead(vocab_sizes(config), config.tied_embeddings,
                                                       options.frozen, options.trained))),
      config_(config),
      compute_type_(options.frozen.dtype().toScalarType()) {
  config.validate();
  for (int64_t n = 0; n < config.num_layers; ++n) {
    layers->append(DecoderBlock(config, options.frozen));
  }
}

torch::Tensor DecoderImpl::embed(const torch::Tensor& ids) const {
  return embed_tokens->forward(ids).to(compute_type_);
}

BlockContext DecoderImpl::context(const torch::Tensor& ids, const torch::Tensor& attention_mask,
                                  const KvCache* cache) const {
  if (attention_mask.defined()) {
    expect_shape(attention_mask, {ids.size(0), ids.size(1)}, "attention_mask");
  }
  const int64_t past = cache ? cache->length() : 0, count = ids.size(1);
  require(past + count <= config_.max_positions, "Decoder", "expected at most {} tokens, got {}",
          config_.max_positions, past + count,
          Hint{"the prompt is longer than the model's context"});
  const auto mask = whole_mask(attention_mask, ids, cache);
  BlockContext context;
  context.bias = causal_bias(mask.defined() ? mask.to(device()) : mask, past, count, device());
  if (config_.position == PositionKind::kRotary) {
    context.rotary = nn::rotary_table(
        new_positions(mask, past, count).to(device()),
        {config_.head_dim, config_.rotary_base, config_.rotary_scaling}, compute_type());
  } else {
    const auto query = torch::arange(past, past + count, torch::kInt64).unsqueeze(1);
    context.distances =
        (query - torch::arange(past + count, torch::kInt64)).clamp_min(0).to(device());
    context.sinusoids = distance_sinusoids(past + count, config_.dim).to(device());
  }
  return context;
}

torch::Tensor DecoderImpl::forward_hidden(const torch::Tensor& ids,
                                          const torch::Tensor& attention_mask,
                                          KvCache* cache) const {
  const auto shared = context(ids, attention_mask, cache);
  auto hidden = embed(ids);
  for (size_t n = 0; n < layers->size(); ++n)
    hidden = (*layers)[n]->forward(hidden, shared, cache, n);
  if (cache) cache->advance(ids.size(0), ids.size(1), attention_mask);
  return norm->forward(hidden);
}

torch::Tensor DecoderImpl::logits(const torch::Tensor& hidden) const {
  return lm_head->forward(hidden, embed_tokens->weight);
}

std::vector<torch::Tensor> DecoderImpl::logit_parts(const torch::Tensor& hidden) const {
  return lm_head->parts(hidden, embed_tokens->weight);
}

torch::Tensor DecoderImpl::forward(const torch::Tensor& ids, const torch::Tensor& attention_mask,
                                   KvCache* cache) const {
  return logits(forward_hidden(ids, attention_mask, cache));
}

}  // namespace flamingo::lm
