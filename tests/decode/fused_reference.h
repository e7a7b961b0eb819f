#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "flamingo/decode/fused_decoder.h"
#include "tests/kernels/random_weights.h"

namespace flamingo {

/// The plain twin of FusedDecoder: one loop per equation, in double, with keys and values kept
/// unrounded in growing lists. Nothing is shared with the fused code but the weights.
class ReferenceDecoder {
 public:
  using Vector = std::vector<double>;

  explicit ReferenceDecoder(const decode::FusedDecoderWeights& weights)
      : weights_(weights), keys_(weights.blocks.size()), values_(weights.blocks.size()) {}

  /// Logits of the next token. media_keys[i], media_values[i]: [H, R, Dh] of cross block i.
  Vector step(const std::vector<float>& embedding,
              const std::vector<std::vector<float>>& media_keys,
              const std::vector<std::vector<float>>& media_values) {
    Vector x(embedding.begin(), embedding.end());
    for (size_t b = 0; b < weights_.blocks.size(); ++b) {
      for (size_t c = 0; c < weights_.cross_blocks.size(); ++c) {
        const decode::CrossBlockWeights& cross = weights_.cross_blocks[c];
        if (cross.before_block != static_cast<int64_t>(b)) continue;
        if (!media_keys[c].empty()) {
          add(x, cross_attention(cross, normed(cross.norm, x), media_keys[c], media_values[c]),
              cross.attention_gate);
        }
        add(x, feed_forward(cross.ffw, normed(cross.ffw.norm, x)), cross.ffw_gate);
      }
      const decode::DecoderBlockWeights& block = weights_.blocks[b];
      add(x, self_attention(block, b, normed(block.norm, x)), {1.0f});
      add(x, feed_forward(block.ffw, normed(block.ffw.norm, x)), {1.0f});
    }
    ++position_;
    return product(*weights_.head, normed(weights_.final_norm, x));
  }

 private:
  static Vector product(const kernels::PackedMatrix& matrix, const Vector& x) {
    std::vector<float> w(static_cast<size_t>(matrix.rows() * matrix.cols()));
    matrix.decode_rows(kernels::scalar_kernels(), 0, matrix.rows(), w.data());
    Vector y(static_cast<size_t>(matrix.rows()));
    for (size_t r = 0; r < y.size(); ++r) {
      for (size_t c = 0; c < x.size(); ++c) y[r] += w[r * x.size() + c] * x[c];
    }
    return y;
  }

  static Vector normed(const decode::NormWeights& norm, Vector x) {
    const auto n = static_cast<double>(x.size());
    double mean = 0.0;
    for (const double value : x) mean += value / n;
    double square = 0.0;
    for (double& value : x) {
      if (norm.config.kind == NormKind::kLayerNorm) value -= mean;
      square += value * value / n;
    }
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = x[i] / std::sqrt(square + norm.config.eps) * norm.weight[i] +
             (norm.bias.empty() ? 0.0 : norm.bias[i]);
    }
    return x;
  }

  static void add(Vector& x, const Vector& update, const std::vector<float>& gate) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] += (gate.size() == 1 ? gate[0] : gate[i]) * update[i];
  }

  static double activated(Activation kind, double x) {
    switch (kind) {
      case Activation::kGelu:
        return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
      case Activation::kGeluTanh:
        return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
      case Activation::kQuickGelu:
        return x / (1.0 + std::exp(-1.702 * x));
      case Activation::kRelu:
        return x > 0.0 ? x : 0.0;
      case Activation::kSquaredRelu:
        return x > 0.0 ? x * x : 0.0;
      case Activation::kSilu:
        break;
    }
    return x / (1.0 + std::exp(-x));
  }

  static Vector feed_forward(const decode::FeedForwardWeights& ffw, const Vector& x) {
    Vector inner = product(*ffw.up, x);
    if (ffw.gate != nullptr) {
      const Vector gate = product(*ffw.gate, x);
      for (size_t i = 0; i < inner.size(); ++i) inner[i] *= activated(ffw.activation, gate[i]);
    } else {
      for (double& value : inner) value = activated(ffw.activation, value);
    }
    return product(*ffw.down, inner);
  }

  /// One head: q [Dh] over rows(t)[i], t < count.
  static Vector attend(const Vector& q, size_t count,
                       const std::function<double(size_t, size_t)>& key,
                       const std::function<double(size_t, size_t)>& value) {
    Vector weights(count);
    double sum = 0.0;
    for (size_t t = 0; t < count; ++t) {
      double score = 0.0;
      for (size_t i = 0; i < q.size(); ++i) score += q[i] * key(t, i);
      sum += weights[t] = std::exp(score / std::sqrt(static_cast<double>(q.size())));
    }
    Vector out(q.size());
    for (size_t t = 0; t < count; ++t) {
      for (size_t i = 0; i < q.size(); ++i) out[i] += weights[t] / sum * value(t, i);
    }
    return out;
  }

  void rotate(Vector& x, size_t first) const {
    const size_t half = weights_.inverse_frequencies.size();
    for (size_t i = 0; i < half; ++i) {
      double& a = x[first + i];
      double& b = x[first + i + half];
      const double angle = position_ * static_cast<double>(weights_.inverse_frequencies[i]);
      const auto magnitude = static_cast<double>(weights_.rotary_magnitude);
      const double rotated = magnitude * (a * std::cos(angle) - b * std::sin(angle));
      b = magnitude * (a * std::sin(angle) + b * std::cos(angle));
      a = rotated;
    }
  }

  Vector self_attention(const decode::DecoderBlockWeights& block, size_t index, const Vector& x) {
    const auto width = static_cast<size_t>(weights_.head_dim);
    Vector q = product(*block.query, x);
    Vector k = product(*block.key, x);
    for (size_t at = 0; at < q.size(); at += width) rotate(q, at);
    for (size_t at = 0; at < k.size(); at += width) rotate(k, at);
    keys_[index].push_back(k);
    values_[index].push_back(product(*block.value, x));
    Vector out;
    for (size_t h = 0; h < static_cast<size_t>(weights_.heads); ++h) {
      const size_t kv = h / static_cast<size_t>(weights_.heads / weights_.kv_heads) * width;
      const Vector head(q.begin() + static_cast<int64_t>(h * width),
                        q.begin() + static_cast<int64_t>((h + 1) * width));
      const Vector context = attend(
          head, keys_[index].size(), [&](size_t t, size_t i) { return keys_[index][t][kv + i]; },
          [&](size_t t, size_t i) { return values_[index][t][kv + i]; });
      out.insert(out.end(), context.begin(), context.end());
    }
    return product(*block.output, out);
  }

  static Vector cross_attention(const decode::CrossBlockWeights& block, const Vector& x,
                                const std::vector<float>& keys, const std::vector<float>& values) {
    const Vector q = product(*block.query, x);
    const size_t width = q.size() / static_cast<size_t>(block.heads);
    const size_t latents = keys.size() / q.size();
    Vector out;
    for (size_t h = 0; h < static_cast<size_t>(block.heads); ++h) {
      Vector head(q.begin() + static_cast<int64_t>(h * width),
                  q.begin() + static_cast<int64_t>((h + 1) * width));
      if (!block.query_norm.weight.empty()) head = normed(block.query_norm, head);
      const size_t first = h * latents * width;
      const Vector context = attend(
          head, latents, [&](size_t t, size_t i) { return keys[first + t * width + i]; },
          [&](size_t t, size_t i) { return values[first + t * width + i]; });
      out.insert(out.end(), context.begin(), context.end());
    }
    return product(*block.output, out);
  }

  const decode::FusedDecoderWeights& weights_;
  int64_t position_ = 0;
  std::vector<std::vector<Vector>> keys_;
  std::vector<std::vector<Vector>> values_;
};

/// Makes small random networks for the tests of the fused decoder.
struct FusedFixture {
  static constexpr int64_t kDim = 96;
  static constexpr int64_t kInner = 160;
  static constexpr int64_t kHeadDim = 16;
  static constexpr int64_t kHeads = 6;
  static constexpr int64_t kKvHeads = 2;
  static constexpr int64_t kCrossHeads = 3;
  static constexpr int64_t kLatents = 7;
  static constexpr int64_t kWords = 50;

  uint64_t seed = 1;

  /// What stands between the matrices of a feed-forward block.
  struct FeedForward {
    Activation activation;
    bool gated;
  };

  decode::SharedMatrix matrix(kernels::BlockType type, int64_t rows, int64_t cols) {
    const int bits = kernels::is_quantised(type) ? kernels::quantised_type(type).traits.bits : 1;
    // Weights of some 0.1, so that attention does not pick a single row.
    std::vector<std::byte> blocks =
        random_blocks(type, rows, cols, ++seed, 0.2 / static_cast<double>(1 << bits));
    if (type == kernels::BlockType::kF32) {
      const auto values = random_floats(static_cast<size_t>(rows * cols), seed, 0.1);
      std::memcpy(blocks.data(), values.data(), blocks.size());
    }
    return std::make_shared<const kernels::PackedMatrix>(
        kernels::PackedMatrix::pack(type, blocks, rows, cols));
  }

  decode::NormWeights norm(bool layer_norm, int64_t dim = kDim) {
    decode::NormWeights norm;
    norm.config.kind = layer_norm ? NormKind::kLayerNorm : NormKind::kRmsNorm;
    norm.weight = random_floats(static_cast<size_t>(dim), ++seed);
    if (layer_norm) norm.bias = random_floats(static_cast<size_t>(dim), ++seed);
    return norm;
  }

  decode::FeedForwardWeights ffw(kernels::BlockType type, FeedForward form, bool layer_norm) {
    decode::FeedForwardWeights ffw;
    ffw.norm = norm(layer_norm);
    ffw.activation = form.activation;
    if (form.gated) ffw.gate = matrix(type, kInner, kDim);
    ffw.up = matrix(type, kInner, kDim);
    ffw.down = matrix(type, kDim, kInner);
    return ffw;
  }

  decode::CrossBlockWeights cross(kernels::BlockType type, FeedForward form, int64_t before_block) {
    decode::CrossBlockWeights cross;
    cross.before_block = before_block;
    const bool layer_norm = !form.gated;
    cross.norm = norm(layer_norm);
    cross.heads = kCrossHeads;
    cross.query = matrix(type, kCrossHeads * kHeadDim, kDim);
    cross.output = matrix(kernels::BlockType::kF32, kDim, kCrossHeads * kHeadDim);
    if (!layer_norm) cross.query_norm = norm(false, kHeadDim);
    cross.attention_gate = layer_norm ? std::vector<float>{0.7f} : random_floats(kDim, ++seed);
    cross.ffw = ffw(type, form, layer_norm);
    cross.ffw_gate = {-0.4f};
    return cross;
  }

  decode::FusedDecoderWeights decoder(kernels::BlockType type, float rotary_magnitude = 1.15f) {
    decode::FusedDecoderWeights weights;
    weights.dim = kDim;
    weights.heads = kHeads;
    weights.kv_heads = kKvHeads;
    weights.head_dim = kHeadDim;
    weights.rotary_magnitude = rotary_magnitude;
    for (int i = 0; i < kHeadDim / 2; ++i) {
      weights.inverse_frequencies.push_back(static_cast<float>(std::pow(10000.0, -i / 8.0)));
    }
    for (int i = 0; i < 2; ++i) {
      decode::DecoderBlockWeights block;
      block.norm = norm(false);
      block.query = matrix(type, kHeads * kHeadDim, kDim);
      block.key = matrix(type, kKvHeads * kHeadDim, kDim);
      block.value = matrix(type, kKvHeads * kHeadDim, kDim);
      block.output = matrix(type, kDim, kHeads * kHeadDim);
      block.ffw = ffw(type, {Activation::kSilu, true}, false);
      weights.blocks.push_back(std::move(block));
    }
    weights.final_norm = norm(false);
    weights.head = matrix(type, kWords, kDim);
    return weights;
  }
};

/// Keys and values of every block of a decoder in one cache type.
class FixtureCache {
 public:
  FixtureCache(const decode::FusedDecoderWeights& weights, kernels::BlockType type,
               int64_t capacity) {
    const size_t bytes = static_cast<size_t>(weights.kv_heads * capacity * weights.head_dim *
                                             kernels::block_layout(type).bytes);
    memory_.resize(2 * weights.blocks.size(), std::vector<std::byte>(bytes));
    for (size_t i = 0; i < weights.blocks.size(); ++i) {
      views.push_back({type, memory_[2 * i].data(), memory_[2 * i + 1].data(), capacity});
    }
  }

  std::vector<decode::KvCacheView> views;

 private:
  std::vector<std::vector<std::byte>> memory_;
};

}  // namespace flamingo
