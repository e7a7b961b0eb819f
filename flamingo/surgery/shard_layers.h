#pragma once

#include "flamingo/model/flamingo.h"
#include "flamingo/parallel/tensor_shard.h"

namespace flamingo::surgery {

/// Tensor parallelism in the manner of Megatron (Shoeybi et al. 2019): of every LM block, gated
/// layer and resampler layer, each process of the group keeps its heads and its part of the
/// feed-forward width, and one sum after attention and one after the feed-forward part make the
/// result whole. Norms, gates, latents, embeddings, head and vision encoder are replicated.
///
///   column parallel   qkv_proj, r_proj, to_q, to_kv, up_proj (stacked parts are cut one by one)
///   row parallel      o_proj, to_out, down_proj
///
/// The model is built and loaded whole; its forward then takes the same arguments in all processes
/// of the group and gives the same hidden states, up to the order of additions.
/// Throws Error, before anything is changed, unless the group's size divides all those widths, and
/// on packed weights and grafted layers.
parallel::TensorLayout shard_layers(model::Flamingo& model, const parallel::ProcessGroup& group);

/// Makes the parameters whole again.
void unshard_layers(model::Flamingo& model, const parallel::TensorLayout& layout,
                    const parallel::ProcessGroup& group);

}  // namespace flamingo::surgery
