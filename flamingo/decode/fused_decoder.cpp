#include "flamingo/decode/fused_decoder.h"

#include <algorithm>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/decode/fused_phases.h"

namespace flamingo::decode {
namespace {

constexpr const char* kWhere = "FusedDecoder";

void check_matrix(const SharedMatrix& matrix, int64_t rows, int64_t cols, const char* name) {
  if (matrix == nullptr || matrix->rows() != rows || matrix->cols() != cols)
    fail(kWhere, "expected {} [{}, {}], got {}", name, rows, cols,
         matrix == nullptr
             ? std::string("none")
             : "[" + std::to_string(matrix->rows()) + ", " + std::to_string(matrix->cols()) + "]");
}

void check_length(size_t length, int64_t expected, const char* name) {
  require(static_cast<int64_t>(length) == expected, kWhere, "expected {} [{}], got [{}]", name,
          expected, length);
}

void check_norm(const NormWeights& norm, int64_t dim) {
  check_length(norm.weight.size(), dim, "norm weight");
  if (!norm.bias.empty()) check_length(norm.bias.size(), dim, "norm bias");
}

void check_gate(const std::vector<float>& gate, int64_t dim) {
  if (gate.size() != 1) check_length(gate.size(), dim, "gate");
}

void check_ffw(const FeedForwardWeights& ffw, int64_t dim) {
  check_norm(ffw.norm, dim);
  require(ffw.up != nullptr, kWhere, "expected an up matrix, got none");
  const int64_t inner = ffw.up->rows();
  check_matrix(ffw.up, inner, dim, "up");
  check_matrix(ffw.down, dim, inner, "down");
  if (ffw.gate != nullptr) check_matrix(ffw.gate, inner, dim, "gate");
}

void check_cross(const CrossBlockWeights& cross, int64_t dim) {
  check_norm(cross.norm, dim);
  require(cross.query != nullptr && cross.heads >= 1 && cross.query->rows() % cross.heads == 0,
          kWhere, "expected the cross-attention's query rows to be a multiple of its heads");
  const int64_t inner = cross.query->rows();
  check_matrix(cross.query, inner, dim, "cross-attention query");
  check_matrix(cross.output, dim, inner, "cross-attention output");
  if (!cross.query_norm.weight.empty()) check_norm(cross.query_norm, inner / cross.heads);
  check_gate(cross.attention_gate, dim);
  check_gate(cross.ffw_gate, dim);
  check_ffw(cross.ffw, dim);
}

void check_block(const DecoderBlockWeights& block, const FusedDecoderWeights& weights) {
  const int64_t queries = weights.heads * weights.head_dim;
  const int64_t keys = weights.kv_heads * weights.head_dim;
  check_norm(block.norm, weights.dim);
  check_matrix(block.query, queries, weights.dim, "query");
  check_matrix(block.key, keys, weights.dim, "key");
  check_matrix(block.value, keys, weights.dim, "value");
  check_matrix(block.output, weights.dim, queries, "output");
  check_ffw(block.ffw, weights.dim);
}

void check_weights(const FusedDecoderWeights& weights) {
  require(weights.dim >= 1 && weights.head_dim >= 2 && weights.head_dim % 2 == 0, kWhere,
          "expected a width and an even head width");
  require(weights.kv_heads >= 1 && weights.heads % weights.kv_heads == 0, kWhere,
          "expected query heads in multiples of key heads, got {} and {}", weights.heads,
          weights.kv_heads);
  check_length(weights.inverse_frequencies.size(), weights.head_dim / 2, "inverse frequencies");
  for (const DecoderBlockWeights& block : weights.blocks) check_block(block, weights);
  int64_t previous = 0;
  for (const CrossBlockWeights& cross : weights.cross_blocks) {
    check_cross(cross, weights.dim);
    require(cross.before_block >= previous &&
                cross.before_block < static_cast<int64_t>(weights.blocks.size()),
            kWhere, "expected cross blocks in the order of the blocks that they precede");
    previous = cross.before_block;
  }
  check_norm(weights.final_norm, weights.dim);
  require(weights.head != nullptr, kWhere, "expected a head matrix, got none");
  check_matrix(weights.head, weights.head->rows(), weights.dim, "head");
  if (weights.extra_head != nullptr) {
    check_matrix(weights.extra_head, weights.extra_head->rows(), weights.dim, "extra head");
  }
}

int64_t bytes_of(const SharedMatrix& matrix) { return matrix != nullptr ? matrix->bytes() : 0; }

int64_t bytes_of(const FeedForwardWeights& ffw) {
  return bytes_of(ffw.gate) + bytes_of(ffw.up) + bytes_of(ffw.down);
}

int64_t vocabulary_rows(const FusedDecoderWeights& weights) {
  return weights.head->rows() + (weights.extra_head != nullptr ? weights.extra_head->rows() : 0);
}

}  // namespace

FusedDecoder::FusedDecoder(FusedDecoderWeights weights, kernels::InputMode input_mode,
                           kernels::ThreadPool& pool, const kernels::Kernels& kernels)
    : weights_(std::move(weights)), input_mode_(input_mode), pool_(&pool), kernels_(&kernels) {
  check_weights(weights_);
  scratch_ = std::make_unique<StepScratch>();
  scratch_->resize(weights_, pool.size());
}

FusedDecoder::~FusedDecoder() = default;
FusedDecoder::FusedDecoder(FusedDecoder&&) noexcept = default;

int64_t FusedDecoder::weight_bytes() const {
  int64_t bytes = bytes_of(weights_.head) + bytes_of(weights_.extra_head);
  for (const DecoderBlockWeights& block : weights_.blocks) {
    bytes += bytes_of(block.query) + bytes_of(block.key) + bytes_of(block.value) +
             bytes_of(block.output) + bytes_of(block.ffw);
  }
  for (const CrossBlockWeights& cross : weights_.cross_blocks) {
    bytes += bytes_of(cross.query) + bytes_of(cross.output) + bytes_of(cross.ffw);
  }
  return bytes;
}

void FusedDecoder::check(const DecodeStep& step) const {
  check_length(step.embedding.size(), weights_.dim, "embedding");
  check_length(step.cache.size(), static_cast<int64_t>(weights_.blocks.size()), "cache");
  check_length(step.media.size(), static_cast<int64_t>(weights_.cross_blocks.size()), "media");
  if (!step.hidden.empty()) check_length(step.hidden.size(), weights_.dim, "hidden");
  if (!step.logits.empty()) check_length(step.logits.size(), vocabulary_rows(weights_), "logits");
  const auto is_cache_type = [](kernels::BlockType type) {
    return type == kernels::BlockType::kF32 || type == kernels::BlockType::kBF16;
  };
  for (const KvCacheView& cache : step.cache) {
    require(cache.keys != nullptr && cache.values != nullptr && is_cache_type(cache.type), kWhere,
            "expected a float32 or bfloat16 cache");
    require(step.position >= 0 && step.position < cache.capacity, kWhere,
            "expected a position below the cache's capacity {}, got {}", cache.capacity,
            step.position);
  }
  for (const MediaView& media : step.media) {
    require(media.latents >= 0 && is_cache_type(media.type), kWhere,
            "expected float32 or bfloat16 media keys and values");
    require(media.latents == 0 || (media.keys != nullptr && media.values != nullptr), kWhere,
            "expected media keys and values");
  }
}

void FusedDecoder::step(const DecodeStep& step) {
  check(step);
  int64_t longest = step.position + 1;
  for (const MediaView& media : step.media) longest = std::max(longest, media.latents);
  for (std::vector<float>& scores : scratch_->scores) scores.resize(static_cast<size_t>(longest));
  std::copy(step.embedding.begin(), step.embedding.end(), scratch_->hidden.begin());
  Phases phases(*pool_, *kernels_, input_mode_, *scratch_);
  phases.start(weights_, step.position);
  size_t cross = 0;
  for (size_t i = 0; i < weights_.blocks.size(); ++i) {
    for (; cross < weights_.cross_blocks.size() &&
           weights_.cross_blocks[cross].before_block == static_cast<int64_t>(i);
         ++cross) {
      phases.cross_block(weights_.cross_blocks[cross], step.media[cross]);
    }
    phases.block(weights_, weights_.blocks[i], step.cache[i], step.position);
  }
  if (!step.logits.empty()) phases.head(weights_, step.logits.data());
  if (!step.hidden.empty()) {
    std::copy(scratch_->hidden.begin(), scratch_->hidden.end(), step.hidden.begin());
  }
}

}  // namespace flamingo::decode
