#include "flamingo/lm/decoder_config.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"

namespace flamingo::lm {
namespace {

TEST(DecoderConfig, DefaultsAreValid) { EXPECT_NO_THROW(DecoderConfig{}.validate()); }

TEST(DecoderConfig, RefusesContradictions) {
  const auto rejects = [](auto change) {
    DecoderConfig config;
    change(config);
    EXPECT_THROW(config.validate(), Error);
  };
  rejects([](auto& c) { c.vocab = 0; });
  rejects([](auto& c) { c.num_layers = -1; });
  rejects([](auto& c) { c.num_layers = int64_t{1} << 40; });
  rejects([](auto& c) { c.vocab = int64_t{1} << 60; });
  rejects([](auto& c) { c.num_kv_heads = 2; });
  rejects([](auto& c) { c.head_dim = 63; });
  rejects([](auto& c) { c.rotary_base = 0; });
  rejects([](auto& c) { c.rotary_scaling.divisors = {1.0}; });
  rejects([](auto& c) { c.rotary_scaling.divisors.assign(c.head_dim / 2, 0.0); });
  rejects([](auto& c) { c.rotary_scaling.magnitude = 0; });
  rejects([](auto& c) { c.additional_vocab = -1; });
}

TEST(DecoderConfig, SurvivesJson) {
  DecoderConfig config;
  config.position = PositionKind::kRelative;
  config.norm.eps = 1e-6;
  DecoderConfig read;
  config_from_json(config_to_json(config), read, "test");
  EXPECT_EQ(config_to_json(read), config_to_json(config));
}

}  // namespace
}  // namespace flamingo::lm
