#include "flamingo/decode/fused_phases.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "flamingo/kernels/half.h"

namespace flamingo::decode {
namespace {

constexpr float kOne[] = {1.0f};

/// Stores floats as elements of a cache.
void store_elements(kernels::BlockType type, const float* values, int64_t count,
                    std::byte* target) {
  if (type == kernels::BlockType::kF32) {
    std::memcpy(target, values, static_cast<size_t>(count) * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    const uint16_t bits = kernels::float_to_bf16(values[i]);
    std::memcpy(target + 2 * i, &bits, sizeof(bits));
  }
}

float dot(const kernels::Kernels& kernels, const float* a, const float* b, int64_t count) {
  float sum = 0.0f;
  kernels.row_products[kernels::plain_index(kernels::BlockType::kF32)](
      reinterpret_cast<const std::byte*>(a), 1, count, b, &sum);
  return sum;
}

float activated(Activation kind, float x) {
  switch (kind) {
    case Activation::kGelu:
      return 0.5f * x * (1.0f + std::erf(x * std::numbers::sqrt2_v<float> / 2));
    case Activation::kGeluTanh: {
      const float scale = std::numbers::sqrt2_v<float> * std::numbers::inv_sqrtpi_v<float>;
      return 0.5f * x * (1.0f + std::tanh(scale * (x + 0.044715f * x * x * x)));
    }
    case Activation::kQuickGelu:
      return x / (1.0f + std::exp(-1.702f * x));
    case Activation::kRelu:
      return std::max(x, 0.0f);
    case Activation::kSquaredRelu:
      return std::max(x, 0.0f) * std::max(x, 0.0f);
    case Activation::kSilu:
      break;
  }
  return x / (1.0f + std::exp(-x));
}

void activate(Activation kind, std::span<float> x) {
  for (float& value : x) value = activated(kind, value);
}

/// gate[i] = activation(gate[i]) * up[i].
void activate_gate(const kernels::Kernels& kernels, Activation kind, std::span<float> gate,
                   const float* up) {
  if (kind == Activation::kSilu) {
    kernels.swiglu(gate.data(), up, std::ssize(gate));
    return;
  }
  for (size_t i = 0; i < gate.size(); ++i) gate[i] = activated(kind, gate[i]) * up[i];
}

/// The widest input of any product.
int64_t widest_input(const FusedDecoderWeights& weights) {
  int64_t widest = std::max(weights.dim, weights.heads * weights.head_dim);
  for (const DecoderBlockWeights& block : weights.blocks) {
    widest = std::max(widest, block.ffw.up->rows());
  }
  for (const CrossBlockWeights& cross : weights.cross_blocks) {
    widest = std::max({widest, cross.ffw.up->rows(), cross.query->rows()});
  }
  return widest;
}

}  // namespace

void StepScratch::resize(const FusedDecoderWeights& weights, int threads) {
  const auto dim = static_cast<size_t>(weights.dim);
  const auto keys = static_cast<size_t>(weights.kv_heads * weights.head_dim);
  const auto widest = static_cast<size_t>(widest_input(weights));
  for (std::vector<float>* vector : {&hidden, &update}) vector->resize(dim);
  for (std::vector<float>* vector : {&key, &value}) vector->resize(keys);
  for (std::vector<float>* vector : {&query, &context, &inner, &up}) vector->resize(widest);
  for (std::vector<float>* vector : {&cosine, &sine}) {
    vector->resize(static_cast<size_t>(weights.head_dim / 2));
  }
  input.resize(static_cast<int64_t>((widest + 31) / 32 * 32));
  scores.resize(static_cast<size_t>(threads));
}

void Phases::start(const FusedDecoderWeights& weights, int64_t position) {
  for (size_t i = 0; i < weights.inverse_frequencies.size(); ++i) {
    const float angle = static_cast<float>(position) * weights.inverse_frequencies[i];
    scratch_.cosine[i] = std::cos(angle) * weights.rotary_magnitude;
    scratch_.sine[i] = std::sin(angle) * weights.rotary_magnitude;
  }
}

void Phases::block(const FusedDecoderWeights& weights, const DecoderBlockWeights& block,
                   const KvCacheView& cache, int64_t position) {
  normalise(block.norm);
  const Projection projections[] = {{block.query.get(), scratch_.query.data()},
                                    {block.key.get(), scratch_.key.data()},
                                    {block.value.get(), scratch_.value.data()}};
  project(projections);
  append(weights, cache, position);
  self_attention(weights, cache, position);
  set_input(scratch_.context, weights.heads * weights.head_dim);
  add_projection(*block.output, kOne);
  feed_forward(block.ffw, kOne);
}

void Phases::cross_block(const CrossBlockWeights& block, const MediaView& media) {
  if (media.latents > 0) {
    normalise(block.norm);
    const Projection projections[] = {{block.query.get(), scratch_.query.data()}};
    project(projections);
    cross_attention(block, media);
    set_input(scratch_.context, block.query->rows());
    add_projection(*block.output, block.attention_gate);
  }
  feed_forward(block.ffw, block.ffw_gate);
}

void Phases::head(const FusedDecoderWeights& weights, float* logits) {
  normalise(weights.final_norm);
  const Projection projections[] = {{weights.head.get(), logits},
                                    {weights.extra_head.get(), logits + weights.head->rows()}};
  project(std::span(projections).first(weights.extra_head != nullptr ? 2 : 1));
}

/// Makes norm(hidden) the input of the next products.
void Phases::normalise(const NormWeights& norm) {
  const auto count = static_cast<int64_t>(scratch_.hidden.size());
  std::copy(scratch_.hidden.begin(), scratch_.hidden.end(), scratch_.input.values.begin());
  apply_norm(norm, scratch_.input.values.data(), count);
  kernels_.prepare(count, scratch_.input);
}

/// x [count] = norm(x).
void Phases::apply_norm(const NormWeights& norm, float* x, int64_t count) const {
  if (norm.config.kind == NormKind::kLayerNorm) {
    const float mean = std::accumulate(x, x + count, 0.0f) / static_cast<float>(count);
    for (int64_t i = 0; i < count; ++i) x[i] -= mean;
  }
  const float mean_square = dot(kernels_, x, x, count) / static_cast<float>(count);
  const float inverse = 1.0f / std::sqrt(mean_square + static_cast<float>(norm.config.eps));
  for (int64_t i = 0; i < count; ++i) x[i] *= inverse * norm.weight[static_cast<size_t>(i)];
  for (size_t i = 0; i < norm.bias.size(); ++i) x[i] += norm.bias[i];
}

void Phases::set_input(const std::vector<float>& values, int64_t count) {
  std::copy_n(values.begin(), count, scratch_.input.values.begin());
  kernels_.prepare(count, scratch_.input);
}

/// All projections of one input, in one loop over their units.
void Phases::project(std::span<const Projection> projections) {
  int64_t total = 0;
  for (const Projection& projection : projections) total += projection.matrix->units();
  const kernels::InputView input = scratch_.input.view();
  pool_.parallel_for(total, [&](kernels::Range mine, int) {
    int64_t first = 0;
    for (const auto& [matrix, y] : projections) {
      const kernels::Range units = {std::clamp<int64_t>(mine.begin - first, 0, matrix->units()),
                                    std::clamp<int64_t>(mine.end - first, 0, matrix->units())};
      if (units.size() > 0) matrix->product(kernels_, units, input, input_mode_, y);
      first += matrix->units();
    }
  });
}

/// hidden += gate * (matrix input).
void Phases::add_projection(const kernels::PackedMatrix& matrix, std::span<const float> gate) {
  const kernels::InputView input = scratch_.input.view();
  pool_.parallel_for(matrix.units(), [&](kernels::Range units, int) {
    matrix.product(kernels_, units, input, input_mode_, scratch_.update.data());
    const auto last = static_cast<size_t>(std::min(units.end * kernels::kTileRows, matrix.rows()));
    for (auto i = static_cast<size_t>(units.begin * kernels::kTileRows); i < last; ++i) {
      scratch_.hidden[i] += (gate.size() == 1 ? gate[0] : gate[i]) * scratch_.update[i];
    }
  });
}

void Phases::feed_forward(const FeedForwardWeights& ffw, std::span<const float> gate) {
  normalise(ffw.norm);
  const kernels::InputView input = scratch_.input.view();
  pool_.parallel_for(ffw.up->units(), [&](kernels::Range units, int) {
    const int64_t first = units.begin * kernels::kTileRows;
    const int64_t count = std::min(units.end * kernels::kTileRows, ffw.up->rows()) - first;
    float* inner = scratch_.inner.data();
    const std::span values(inner + first, static_cast<size_t>(count));
    if (ffw.gate != nullptr) {
      float* up = scratch_.up.data();
      ffw.gate->product(kernels_, units, input, input_mode_, inner);
      ffw.up->product(kernels_, units, input, input_mode_, up);
      activate_gate(kernels_, ffw.activation, values, up + first);
    } else {
      ffw.up->product(kernels_, units, input, input_mode_, inner);
      activate(ffw.activation, values);
    }
  });
  set_input(scratch_.inner, ffw.up->rows());
  add_projection(*ffw.down, gate);
}

/// Rotates the new key by its position and adds it and the value to the cache.
void Phases::append(const FusedDecoderWeights& weights, const KvCacheView& cache,
                    int64_t position) {
  const int64_t width = weights.head_dim;
  const int64_t row_bytes = width * kernels::block_layout(cache.type).bytes;
  for (int64_t h = 0; h < weights.kv_heads; ++h) {
    const int64_t at = (h * cache.capacity + position) * row_bytes;
    float* key = scratch_.key.data() + h * width;
    rotate(key);
    store_elements(cache.type, key, width, cache.keys + at);
    store_elements(cache.type, scratch_.value.data() + h * width, width, cache.values + at);
  }
}

void Phases::self_attention(const FusedDecoderWeights& weights, const KvCacheView& cache,
                            int64_t position) {
  const int64_t width = weights.head_dim;
  const int64_t head_bytes = cache.capacity * width * kernels::block_layout(cache.type).bytes;
  const int64_t queries_per_key = weights.heads / weights.kv_heads;
  pool_.parallel_for(weights.heads, [&](kernels::Range heads, int thread) {
    for (int64_t h = heads.begin; h < heads.end; ++h) {
      const int64_t at = h / queries_per_key * head_bytes;
      rotate(scratch_.query.data() + h * width);
      attend({cache.type, cache.keys + at, cache.values + at, position + 1, width}, h, thread);
    }
  });
}

void Phases::cross_attention(const CrossBlockWeights& block, const MediaView& media) {
  const int64_t width = block.query->rows() / block.heads;
  const int64_t head_bytes = media.latents * width * kernels::block_layout(media.type).bytes;
  pool_.parallel_for(block.heads, [&](kernels::Range heads, int thread) {
    for (int64_t h = heads.begin; h < heads.end; ++h) {
      const int64_t at = h * head_bytes;
      if (!block.query_norm.weight.empty())
        apply_norm(block.query_norm, scratch_.query.data() + h * width, width);
      attend({media.type, media.keys + at, media.values + at, media.latents, width}, h, thread);
    }
  });
}

/// context = softmax(query keys^T / sqrt(width)) values for head `index`; the query is scaled in
/// place.
void Phases::attend(const HeadAttention& head, int64_t index, int thread) {
  const auto type = static_cast<size_t>(kernels::plain_index(head.type));
  float* query = scratch_.query.data() + index * head.width;
  float* context = scratch_.context.data() + index * head.width;
  float* scores = scratch_.scores[static_cast<size_t>(thread)].data();
  const float scale = 1.0f / std::sqrt(static_cast<float>(head.width));
  for (int64_t i = 0; i < head.width; ++i) query[i] *= scale;
  kernels_.row_products[type](head.keys, head.count, head.width, query, scores);
  kernels_.softmax(scores, head.count);
  kernels_.weighted_sum[type](head.values, head.count, head.width, scores, context);
}

void Phases::rotate(float* head) const {
  const size_t pairs = scratch_.cosine.size();
  for (size_t i = 0; i < pairs; ++i) {
    float& a = head[i];
    float& b = head[i + pairs];
    const float rotated = a * scratch_.cosine[i] - b * scratch_.sine[i];
    b = a * scratch_.sine[i] + b * scratch_.cosine[i];
    a = rotated;
  }
}

}  // namespace flamingo::decode
