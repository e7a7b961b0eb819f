#pragma once

#include <memory>
#include <string>

#include "flamingo/data/data_source.h"
#include "flamingo/model/pixel_encoder.h"
#include "flamingo/train/feature_cache.h"
#include "flamingo/train/trainer.h"
#include "flamingo/vision/registry.h"

namespace flamingo::train {

/// An encoder of which at most the head learns, and its config.
struct TrunkOf {
  vision::VisionEncoderPtr encoder;
  vision::EncoderConfig config;
  torch::ScalarType type = torch::kFloat32;  ///< of the pictures that it is given
};

/// SHA-256 of the weights of the trunk, rounded to bf16 as models store them, so that the stages of
/// one recipe share its features; 64 hex digits.
std::string trunk_key(const vision::VisionEncoder& encoder);

/// Keeps what the frozen trunk of an encoder makes of sources' views, encoded once before a run by
/// its first process.
class TrunkFeatures {
 public:
  /// Features lie in <folder>/<source>. Folds the encoder; hooks.parallel must be set, and hooks
  /// outlive it.
  TrunkFeatures(TrunkOf trunk, std::string folder, const TrainHooks& hooks);

  /// The features of a source's views, as `name`, which must have some; nothing when it was
  /// stopped. Throws Error as FeatureCache::build does.
  std::shared_ptr<const FeatureCache> keep(const std::string& name,
                                           const data::DataSource& source) const;
  /// Views of one cache, none of them a blend -> features of the whole encoder [N, P, Dv].
  torch::Tensor gather(const FeatureCache& cache, std::span<const data::ViewRef> views) const;

 private:
  TrunkOf trunk_;
  std::string folder_;
  const TrainHooks& hooks_;
  model::PixelEncoder encode_;
  FeaturePlan common_;  ///< without pictures, views and what is particular to a source
};

}  // namespace flamingo::train
