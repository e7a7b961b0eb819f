#pragma once

#include <ATen/core/Tensor.h>

namespace flamingo::nn {

/// Which keys a query may see before any bias: all, or (kCausal) key s only if s <= S - T + t.
/// kCausal is a promise about the bias, which must mask the others: attention() skips them.
enum class KeyRange { kAll, kCausal };

/// softmax(q k^T / sqrt(Dh) + bias) v with grouped queries: head h of q reads head h * Hkv / H of
/// k and v. q [B, H, T, Dh], k and v [B, Hkv, S, Dh], bias broadcastable to [B, H, T, S] or
/// undefined -> [B, H, T, Dh] in q's type. Softmax in fp32.
/// Works on blocks of queries, which keeps scores in the processor's cache and skips the future;
/// in bf16 without gradients, scores become weights in one pass.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const at::Tensor& bias = {}, KeyRange range = KeyRange::kAll);

/// The same in one piece, the definition: q [B, H, T, Dh], k and v [B, Hkv, S, Dh], bias as above
/// -> [B, H, T, Dh].
at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const at::Tensor& bias = {});

}  // namespace flamingo::nn
