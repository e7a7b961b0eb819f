#pragma once

#include "flamingo/checkpoint/adapters/llama.h"
#include "flamingo/io/gguf.h"
#include "flamingo/surgery/pack_frozen.h"

namespace flamingo::checkpoint {

/// All values of a tensor, decoded: in the shape of its file, row-major, as `type` (fp32 is exact).
at::Tensor decode_tensor(const io::GgufTensor& tensor, torch::ScalarType type);

/// Undoes llama.cpp's order of query or key rows: weight [H * Dh, in], whose heads hold the pairs
/// of the rotary embedding next to each other -> first halves, then second halves ("rotate half").
at::Tensor unpermute_rotary(const at::Tensor& weight, int64_t num_heads);

/// The keys after "llama." that may be in a GGUF.
std::span<const Field> gguf_llama_fields();

/// Config from a GGUF's metadata, architecture "llama", and its tensor of rotary factors.
/// Throws Error naming the key on another architecture or settings that Decoder lacks.
lm::DecoderConfig decoder_config_from_gguf(const io::Gguf& file);

/// A LLaMA-family GGUF as Decoder's config and weights. `type` is what matrices are decoded to
/// (fp32: exact; bf16: as in training); norms stay fp32. `where` names the file in errors.
/// Throws Error on a missing or unknown tensor.
LmCheckpoint read_gguf_llama(const io::Gguf& file, torch::ScalarType type,
                             const std::string& where);

/// Puts the file's own blocks in the place of the frozen linear layers of `decoder`, which has this
/// file's weights: those whose blocks take no more memory than in `format` (all others stay; see
/// pack_frozen). Does nothing for a plain format. Throws Error on a missing tensor or another
/// shape.
void pack_gguf_llama(const io::Gguf& file, surgery::FrozenFormat format, lm::Decoder& decoder);

}  // namespace flamingo::checkpoint
