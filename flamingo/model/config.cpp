#include "flamingo/model/config.h"

#include <algorithm>

namespace flamingo {
namespace {

constexpr const char* kWhere = "FlamingoConfig";

int64_t vision_dim(const VisionConfig& vision) {
  return vision.nfnet ? vision.nfnet->dim() : vision.clip_vit->width;
}

int64_t vision_size(const VisionConfig& vision) {
  return vision.nfnet ? vision.nfnet->image_size : vision.clip_vit->image_size;
}

void validate_tokens(const TokenConfig& tokens, int64_t additional_vocab) {
  require(static_cast<int64_t>(tokens.additional.size()) == additional_vocab, kWhere,
          "expected " + std::to_string(additional_vocab) + " names in tokens.additional, got " +
              std::to_string(tokens.additional.size()));
  auto names = tokens.additional;
  std::sort(names.begin(), names.end());
  require(std::adjacent_find(names.begin(), names.end()) == names.end(), kWhere,
          "expected different names in tokens.additional");
}

void validate_transform(const TransformConfig& transform) {
  require(transform.size > 0, kWhere, "expected transform.size > 0");
  require(transform.mean.size() == 3 && transform.std.size() == 3, kWhere,
          "expected 3 values in transform.mean and transform.std");
  for (const double deviation : transform.std) {
    require(deviation > 0, kWhere, "expected transform.std > 0");
  }
}

/// Sizes may come from a hostile file, so each is bounded before anything is built.
void require_bounded(const std::string& field, int64_t value) {
  constexpr int64_t kMost = 1 << 17;
  require(
      value >= 0 && value <= kMost, kWhere,
      "expected " + field + " in [0, " + std::to_string(kMost) + "], got " + std::to_string(value));
}

void require_bounded(const std::string& field, const std::vector<int64_t>& values) {
  require_bounded("length of " + field, static_cast<int64_t>(values.size()));
  for (const int64_t value : values) require_bounded(field, value);
}

/// Bounds every whole number that a config lists.
struct BoundVisitor {
  template <class T>
  void operator()(const char* name, T& value, const char* /*help*/) {
    if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, std::vector<int64_t>>) {
      require_bounded(name, value);
    }
  }
};

template <class T>
void require_all_bounded(T config) {
  BoundVisitor visitor;
  config.visit(visitor);
}

void validate_sizes(const FlamingoConfig& config) {
  if (config.vision.nfnet) require_all_bounded(*config.vision.nfnet);
  if (config.vision.clip_vit) require_all_bounded(*config.vision.clip_vit);
  if (config.resampler) require_all_bounded(*config.resampler);
  require_all_bounded(config.xattn);
}

}  // namespace

void FlamingoConfig::validate() const {
  require(vision.nfnet.has_value() != vision.clip_vit.has_value(), kWhere,
          "expected exactly one of vision.nfnet and vision.clip_vit");
  validate_sizes(*this);
  require(
      !resampler || resampler->dim == vision_dim(vision), kWhere,
      "expected resampler.dim to be the vision encoder's " + std::to_string(vision_dim(vision)));
  require(
      !vision.clip_vit || transform.size == vision_size(vision), kWhere,
      "expected transform.size to be the vision encoder's " + std::to_string(vision_size(vision)));
  lm.validate();
  xattn.validate();
  validate_tokens(tokens, lm.additional_vocab);
  validate_transform(transform);
}

}  // namespace flamingo
