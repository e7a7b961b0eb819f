#pragma once

#include <algorithm>
#include <cstdint>

#include "flamingo/nn/attention.h"

namespace flamingo::nn {

/// Queries that attention() takes together.
inline constexpr int64_t kAttentionBlock = 128;

/// What attention() works on for T queries and S keys, summed over its blocks of queries.
struct AttentionCost {
  int64_t pairs = 0;  ///< of a query and a key, whose scores it computes
  int64_t keys = 0;   ///< that the blocks read
};

/// Cost of attention from T queries to S keys per head, computed in blocks of kAttentionBlock
/// queries.
inline AttentionCost attention_cost(int64_t T, int64_t S, KeyRange range) {
  AttentionCost cost;
  for (int64_t begin = 0; begin < T; begin += kAttentionBlock) {
    const int64_t count = std::min(kAttentionBlock, T - begin);
    const bool skips = range == KeyRange::kCausal && T > kAttentionBlock;
    const int64_t keys = skips ? S - T + begin + count : S;
    cost.pairs += count * keys;
    cost.keys += keys;
  }
  return cost;
}

}  // namespace flamingo::nn
