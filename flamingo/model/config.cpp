#include "flamingo/model/config.h"

#include <algorithm>

#include "flamingo/core/checked.h"
#include "flamingo/core/config_limits.h"

namespace flamingo::model {
namespace {

constexpr const char* kWhere = "FlamingoConfig";

void validate_tokens(const TokenConfig& tokens, int64_t additional_vocab) {
  require(static_cast<int64_t>(tokens.additional.size()) == additional_vocab, kWhere,
          "expected {} names in tokens.additional, got {}", additional_vocab,
          tokens.additional.size());
  auto names = tokens.additional;
  std::sort(names.begin(), names.end());
  require(std::adjacent_find(names.begin(), names.end()) == names.end(), kWhere,
          "expected different names in tokens.additional");
}

/// As TransformConfig::validate(), which lives in the library that this one can do without.
void validate_transform(const media::TransformConfig& transform) {
  require_within(kWhere, "transform.size", transform.size, 1, config_limits::kImageSize);
  require(transform.mean.size() == 3 && transform.std.size() == 3, kWhere,
          "expected 3 values in transform.mean and transform.std");
  for (const double deviation : transform.std) {
    require(deviation > 0, kWhere, "expected transform.std > 0");
  }
}

}  // namespace

void FlamingoConfig::validate() const {
  // The parts come first, so that what follows may read them.
  vision.validate();
  if (resampler) resampler->validate();
  xattn.validate();
  lm.validate();
  require(!resampler || resampler->dim == vision.dim(), kWhere,
          "expected resampler.dim to be the vision encoder's {}", vision.dim());
  require(!vision.has_fixed_image_size() || transform.size == vision.image_size(), kWhere,
          "expected transform.size to be the vision encoder's {}", vision.image_size());
  require(xattn.form != lm::XattnForm::kVanilla || !lm.parallel_residual, kWhere,
          "expected xattn.form vanilla only with an LM whose blocks have one part after the other");
  validate_tokens(tokens, lm.additional_vocab);
  validate_transform(transform);
}

}  // namespace flamingo::model
