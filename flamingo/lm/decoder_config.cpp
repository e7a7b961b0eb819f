#include "flamingo/lm/decoder_config.h"

#include <string>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

constexpr const char* kWhere = "DecoderConfig";

/// Sizes may come from a hostile file, so each is bounded before anything is built.
void require_within(const char* field, int64_t value, int64_t most) {
  require(value > 0 && value <= most, kWhere,
          std::string("expected ") + field + " in [1, " + std::to_string(most) + "], got " +
              std::to_string(value));
}

}  // namespace

void DecoderConfig::validate() const {
  require_within("vocab", vocab, 1 << 24);
  require_within("dim", dim, 1 << 17);
  require_within("num_layers", num_layers, 1 << 10);
  require_within("num_heads", num_heads, 1 << 12);
  require_within("num_kv_heads", num_kv_heads, 1 << 12);
  require_within("head_dim", head_dim, 1 << 13);
  require_within("ffw_dim", ffw_dim, 1 << 20);
  require_within("max_positions", max_positions, 1 << 24);
  require(additional_vocab >= 0 && additional_vocab <= 1 << 24, kWhere,
          "expected additional_vocab in [0, 2^24], got " + std::to_string(additional_vocab));
  require(num_heads % num_kv_heads == 0, kWhere,
          "expected num_heads to be a multiple of num_kv_heads, got " + std::to_string(num_heads) +
              " and " + std::to_string(num_kv_heads));
  require(position != PositionKind::kRotary || head_dim % 2 == 0, kWhere,
          "expected an even head_dim for rotary positions, got " + std::to_string(head_dim));
  require(position != PositionKind::kRelative || dim % 2 == 0, kWhere,
          "expected an even dim for relative positions, got " + std::to_string(dim));
  require(rotary_base > 0, kWhere, "expected rotary_base > 0");
}

}  // namespace flamingo
