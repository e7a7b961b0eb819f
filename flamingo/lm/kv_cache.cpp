#include "flamingo/lm/kv_cache.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"

namespace flamingo::lm {
namespace {

/// Buffers grow to a multiple of this many tokens, and by half of their size at least.
constexpr int64_t kChunk = 128;

/// A buffer [B, H, capacity, Dh] of at least `needed` tokens that starts with `old`'s first `used`.
at::Tensor grown(const at::Tensor& old, const at::Tensor& like, int64_t used, int64_t needed) {
  const int64_t wanted = std::max(needed, used + used / 2);
  const int64_t capacity = (wanted + kChunk - 1) / kChunk * kChunk;
  auto buffer = at::empty({like.size(0), like.size(1), capacity, like.size(3)}, like.options());
  if (used > 0) buffer.narrow(2, 0, used).copy_(old.narrow(2, 0, used));
  return buffer;
}

at::Tensor ones_mask(const at::Tensor& like, int64_t batch, int64_t count) {
  return at::ones({batch, count}, like.options());
}

}  // namespace

KeyValues KvCache::reserve(size_t layer, int64_t count, const at::Tensor& like) {
  if (layer >= layers_.size()) layers_.resize(layer + 1);
  Buffer& buffer = layers_[layer];
  const int64_t total = length_ + count;
  if (!buffer.keys.defined() || buffer.keys.size(2) < total) {
    buffer.keys = grown(buffer.keys, like, length_, total);
    buffer.values = grown(buffer.values, like, length_, total);
  }
  require(buffer.keys.size(0) == like.size(0), "KvCache", "expected batch {}, got {}",
          buffer.keys.size(0), like.size(0));
  return {buffer.keys, buffer.values};
}

KeyValues KvCache::append(size_t layer, const KeyValues& added) {
  const int64_t count = added.keys.size(2), total = length_ + count;
  const auto all = reserve(layer, count, added.keys);
  all.keys.narrow(2, length_, count).copy_(added.keys);
  all.values.narrow(2, length_, count).copy_(added.values);
  return {all.keys.narrow(2, 0, total), all.values.narrow(2, 0, total)};
}

void KvCache::advance(int64_t batch, int64_t num_tokens, const at::Tensor& mask) {
  if (mask.defined() || mask_.defined()) {
    const at::Tensor& like = mask.defined() ? mask : mask_;
    const auto past = mask_.defined() ? mask_ : ones_mask(like, batch, length_);
    const auto now = mask.defined() ? mask : ones_mask(like, batch, num_tokens);
    mask_ = at::cat({past, now}, 1);
  }
  length_ += num_tokens;
}

void KvCache::append_media(size_t layer, const KeyValues& added) {
  if (layer >= media_.size()) media_.resize(layer + 1);
  KeyValues& all = media_[layer];
  if (!all.keys.defined()) {
    all = added;
    return;
  }
  all = {at::cat({all.keys, added.keys}, 1), at::cat({all.values, added.values}, 1)};
}

KeyValues KvCache::media(size_t layer) const {
  return layer < media_.size() ? media_[layer] : KeyValues{};
}

KvCache KvCache::select_rows(const at::Tensor& index) const {
  expect_shape(index, {kAny}, "index");
  const auto rows = [&](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.index_select(0, index) : at::Tensor();
  };
  KvCache selected;
  for (const Buffer& buffer : layers_) {
    selected.layers_.push_back({rows(buffer.keys), rows(buffer.values)});
  }
  for (const KeyValues& media : media_) {
    selected.media_.push_back({rows(media.keys), rows(media.values)});
  }
  selected.mask_ = rows(mask_);
  selected.length_ = length_;
  selected.num_media_ = num_media_;
  return selected;
}

void KvCache::truncate(int64_t length) {
  require(length >= 0 && length <= length_, "KvCache", "expected a length in [0, {}], got {}",
          length_, length);
  if (mask_.defined()) mask_ = mask_.narrow(1, 0, length).clone();
  length_ = length;
}

void KvCache::truncate_media(int64_t count) {
  require(count >= 0 && count <= num_media_, "KvCache", "expected media in [0, {}], got {}",
          num_media_, count);
  for (KeyValues& all : media_) {
    if (!all.keys.defined() || all.keys.size(1) == count) continue;
    all = count == 0 ? KeyValues{}
                     : KeyValues{all.keys.narrow(1, 0, count), all.values.narrow(1, 0, count)};
  }
  num_media_ = count;
}

}  // namespace flamingo::lm
