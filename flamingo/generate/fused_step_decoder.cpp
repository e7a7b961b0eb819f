#include "flamingo/generate/fused_step_decoder.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <string>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::generate {
namespace {

constexpr const char* kWhere = "FusedStepDecoder";
/// More only wait for each other in loops of microseconds.
constexpr int kMaxThreads = 64;

kernels::BlockType element_type(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat ? kernels::BlockType::kF32 : kernels::BlockType::kBF16;
}

std::byte* bytes_of(const at::Tensor& tensor) {
  return static_cast<std::byte*>(tensor.mutable_data_ptr());
}

/// What phi may see of all media [1, M, R, H * Dh] -> [H, W * R, Dh].
at::Tensor heads_of(const at::Tensor& all, int32_t phi, const lm::GatedXattnConfig& config) {
  const int64_t first = config.media_attention == lm::MediaAttention::kLast ? phi - 1 : 0;
  return all[0]
      .slice(0, first, phi)
      .flatten(0, 1)
      .unflatten(-1, {config.num_heads, -1})
      .transpose(0, 1)
      .contiguous();
}

}  // namespace

FusedStepDecoder::FusedStepDecoder(model::Flamingo model, const io::Gguf* lm,
                                   kernels::InputMode input)
    : model_(std::move(model)),
      pool_(std::clamp(at::get_num_threads(), 1, kMaxThreads)),
      decoder_(fused_weights(model_, lm), input, pool_),
      media_(model_->xattn->size()) {
  const lm::DecoderConfig& config = model_->config().lm;
  key_row_ = torch::empty({1, config.num_kv_heads, 0, config.head_dim}, model_->lm->compute_type());
}

void FusedStepDecoder::check(int32_t phi, const lm::KvCache& cache) const {
  require(!cache.mask().defined(), kWhere, "expected a cache without padding, got one with");
  const int64_t limit = model_->config().lm.max_positions;
  require(cache.length() < limit, kWhere, "expected at most {} tokens, got one more", limit);
  require(phi >= 0 && phi <= cache.num_media(), kWhere, "expected phi in [0, {}], got {}",
          cache.num_media(), phi);
}

decode::MediaView FusedStepDecoder::media_view(size_t layer, int32_t phi,
                                               const lm::KvCache& cache) {
  if (phi == 0) return {};
  MediaItem& media_item = media_[layer];
  const lm::KeyValues source = cache.media(layer);
  if (media_item.phi != phi || !media_item.source.keys.is_same(source.keys)) {
    const lm::GatedXattnConfig& config = model_->config().xattn;
    media_item = {
        source, phi, {heads_of(source.keys, phi, config), heads_of(source.values, phi, config)}};
  }
  return {element_type(media_item.heads.keys), bytes_of(media_item.heads.keys),
          bytes_of(media_item.heads.values), media_item.heads.keys.size(1)};
}

std::vector<float> FusedStepDecoder::step(int32_t id, int32_t phi, lm::KvCache& cache) {
  const c10::InferenceMode guard;
  check(phi, cache);
  const auto ids = torch::full({1, 1}, id, torch::kLong);
  const auto embedding = model_->lm->embed(ids).to(at::kFloat).contiguous();
  std::vector<decode::KvCacheView> rows;
  for (size_t n = 0; n < decoder_.weights().blocks.size(); ++n) {
    const lm::KeyValues room = cache.reserve(n, 1, key_row_);
    rows.push_back(
        {element_type(room.keys), bytes_of(room.keys), bytes_of(room.values), room.keys.size(2)});
  }
  std::vector<decode::MediaView> media;
  for (size_t i = 0; i < media_.size(); ++i) media.push_back(media_view(i, phi, cache));
  const lm::DecoderConfig& config = model_->config().lm;
  std::vector<float> logits(static_cast<size_t>(config.vocab + config.additional_vocab));
  decoder_.step({.embedding = {embedding.const_data_ptr<float>(), static_cast<size_t>(config.dim)},
                 .position = cache.length(),
                 .cache = rows,
                 .media = media,
                 .hidden = {},
                 .logits = logits});
  cache.advance(1, 1, {});
  return logits;
}

}  // namespace flamingo::generate
