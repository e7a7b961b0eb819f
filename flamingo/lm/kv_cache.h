#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace flamingo::lm {

/// Keys and values of one layer.
struct KeyValues {
  at::Tensor keys;    ///< [B, H, S, Dh]
  at::Tensor values;  ///< [B, H, S, Dh]
};

/// What decoding remembers: keys and values of every block for the tokens seen so far, and of every
/// gated cross-attention layer for the media seen so far (computed once per media item).
/// An explicit argument of every forward; layers hold nothing. Used without gradients.
///
///   one forward = (append(0) append(1) ... append(layers - 1) advance)
class KvCache {
 public:
  KvCache() = default;
  KvCache(KvCache&&) = default;
  KvCache& operator=(KvCache&&) = default;

  /// Tokens seen so far, padding included.
  int64_t length() const { return length_; }
  /// Media seen so far per sample.
  int64_t num_media() const { return num_media_; }
  /// 1 for tokens, 0 for padding: [B, length], or undefined when there is no padding.
  const at::Tensor& mask() const { return mask_; }

  /// Adds keys and values [B, H, T, Dh] of T new tokens to block `layer` -> all of that block so
  /// far [B, H, length + T, Dh] (views into a buffer that grows in chunks).
  KeyValues append(size_t layer, const KeyValues& added);
  /// Memory of block `layer`, for who writes new rows in place: its buffers [B, H, capacity, Dh]
  /// with room for `count` tokens after the first `length()`; the rest is not initialised. `like`
  /// [B, H, any, Dh] tells shape and type of new buffers. Throws Error on another batch.
  KeyValues reserve(size_t layer, int64_t count, const at::Tensor& like);
  /// Ends a forward over `num_tokens` tokens with padding mask [B, num_tokens] (or undefined).
  void advance(int64_t batch, int64_t num_tokens, const at::Tensor& mask);

  /// Adds keys and values [B, M, R, H * Dh] of new media to gated layer `layer`.
  void append_media(size_t layer, const KeyValues& added);
  /// All media of gated layer `layer` so far: [B, M, R, H * Dh]; undefined tensors when none.
  KeyValues media(size_t layer) const;
  /// Ends the addition of `count` media per sample to all gated layers.
  void advance_media(int64_t count) { num_media_ += count; }

  /// A new cache whose row i is row index[i] of this one ([B'], int64): beams, or one prompt shared
  /// by many continuations.
  KvCache select_rows(const at::Tensor& index) const;
  /// Forgets all but the first `length` tokens (media stay).
  void truncate(int64_t length);
  /// Forgets all but the first `count` media, those of a forward that failed among them.
  void truncate_media(int64_t count);

 private:
  /// Keys and values of one layer, with room for tokens to come.
  struct Buffer {
    at::Tensor keys, values;  ///< [B, H, capacity, Dh]
  };
  std::vector<Buffer> layers_;
  std::vector<KeyValues> media_;
  at::Tensor mask_;
  int64_t length_ = 0;
  int64_t num_media_ = 0;
};

}  // namespace flamingo::lm
