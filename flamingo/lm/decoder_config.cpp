#include "flamingo/lm/decoder_config.h"

#include <string>

#include "flamingo/core/checked.h"
#include "flamingo/core/config_limits.h"

namespace flamingo::lm {
namespace {

constexpr const char* kWhere = "DecoderConfig";

}  // namespace

void DecoderConfig::validate() const {
  require_within(kWhere, "vocab", vocab, 1, config_limits::kVocab);
  require_within(kWhere, "additional_vocab", additional_vocab, 0, config_limits::kAddedTokens);
  require_within(kWhere, "dim", dim, 1, config_limits::kWidth);
  require_within(kWhere, "num_layers", num_layers, 1, config_limits::kLayers);
  require_within(kWhere, "num_heads", num_heads, 1, config_limits::kHeads);
  require_within(kWhere, "num_kv_heads", num_kv_heads, 1, config_limits::kHeads);
  require_within(kWhere, "head_dim", head_dim, 1, config_limits::kHeadDim);
  require_within(kWhere, "ffw_dim", ffw_dim, 1, config_limits::kFfwWidth);
  require_within(kWhere, "max_positions", max_positions, 1, config_limits::kVocab);
  require_within(kWhere, "norm.eps", norm.eps, 0, 1);
  require(num_heads % num_kv_heads == 0, kWhere,
          "expected num_heads to be a multiple of num_kv_heads, got {} and {}", num_heads,
          num_kv_heads);
  require(position != PositionKind::kRotary || head_dim % 2 == 0, kWhere,
          "expected an even head_dim for rotary positions, got {}", head_dim);
  require(position != PositionKind::kRelative || dim % 2 == 0, kWhere,
          "expected an even dim for relative positions, got {}", dim);
  require_within(kWhere, "rotary_base", rotary_base, 1, 1e12);
  const auto& divisors = rotary_scaling.divisors;
  require(divisors.empty() || std::ssize(divisors) == head_dim / 2, kWhere,
          "expected rotary_scaling.divisors for half a head, {}, got {}", head_dim / 2,
          divisors.size());
  for (const double divisor : divisors) {
    require_within(kWhere, "rotary_scaling.divisors", divisor, 1e-6, 1e6);
  }
  require_within(kWhere, "rotary_scaling.magnitude", rotary_scaling.magnitude, 1e-3, 1e3);
}

}  // namespace flamingo::lm
