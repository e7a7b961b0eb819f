#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flamingo/data/sequence.h"

namespace flamingo::train {

/// Media of one kind and length, so that the resampler can take them together: n of F frames.
struct MediaGroup {
  int64_t frames = 1;                ///< F
  std::vector<data::ViewRef> views;  ///< [n F] of one ViewRef::store; empty where pixels says it
  at::Tensor pixels;                 ///< [n F, 3, S, S], normalised; undefined where views says it
};

/// Sequences as tensors. Rows are padded at the end, where causal attention never looks back from a
/// real token; padding sees no media item. The last token of a row predicts nothing and is left
/// out.
struct FlamingoBatch {
  at::Tensor ids;        ///< [B, T] int64
  at::Tensor phi;        ///< [B, T] int64, 0 = no media item
  at::Tensor positions;  ///< [n] int64, b * T + t of the tokens that predict a target
  at::Tensor targets;    ///< [n] int64, the token after each
  at::Tensor bound;  ///< [n] bool, first target of a chunk whose label was shown before (binding)
  at::Tensor media_rows;  ///< [B, M] int64, row of each media item among all groups' media, one
                          ///< group after the other
  std::vector<MediaGroup> groups;
  int64_t num_tokens = 0;         ///< without padding
  std::vector<std::string> keys;  ///< [B] where each sequence came from
};

/// Throws Error: no sequence, no target at all, or fields of a sequence that differ in length.
FlamingoBatch collate(std::span<const data::Sequence> sequences);

}  // namespace flamingo::train
