#pragma once

#include "flamingo/decode/fused_decoder.h"
#include "flamingo/io/gguf.h"
#include "flamingo/model/flamingo.h"

namespace flamingo::generate {

/// Whether FusedDecoder computes what `model` does for one token: gated layers before their blocks,
/// rotary positions, attention and feed-forward part one after the other, no biases in linear
/// layers; weights in fp32 or bf16 in the processor's memory.
bool can_fuse(const model::Flamingo& model);

/// The weights of one step: views of the model's tensors, which must stay where they are. With
/// `lm`, the GGUF of the model's frozen language model, the LM's matrices are packed in the file's
/// own types instead (copied: the file may be closed). Heads are in rotate-half order in both
/// cases, so that keys agree with those that the model's forward leaves in a KvCache.
/// Throws Error unless can_fuse(model), or when a matrix of the file is missing or does not fit.
decode::FusedDecoderWeights fused_weights(const model::Flamingo& model, const io::Gguf* lm);

/// Rows of query or key weights in llama.cpp's order (pairs of the rotary embedding next to each
/// other) -> first halves, then second halves of every head; `rows` [heads * Dh] rows of any type,
/// moved whole. The same as unpermute_rotary, for weights that stay quantised.
std::vector<std::byte> unpermute_rotary_rows(std::span<const std::byte> rows, int64_t num_rows,
                                             int64_t heads);

}  // namespace flamingo::generate
