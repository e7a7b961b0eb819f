#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/model/pixel_encoder.h"
#include "flamingo/train/collate.h"
#include "flamingo/train/feature_cache.h"
#include "flamingo/train/start_model.h"
#include "flamingo/train/train_recipe.h"
#include "flamingo/train/trainer.h"

namespace flamingo::train {

/// How the media of a run become features: pixels are encoded in the step, views come from caches
/// in <output>/features that the first process builds before the run.
class MediaFeatures {
 public:
  /// All three must outlive it; hooks.parallel must be set.
  MediaFeatures(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                const TrainHooks& hooks);

  /// Keeps the features of a source's views, if it has any, as `name`, and lets it use them; where
  /// the encoder is trained, they are rendered and encoded in the step. False when it was stopped.
  /// Throws Error as FeatureCache::build does.
  bool add(const std::string& name, const std::shared_ptr<data::SequenceSource>& source);

  /// A group's media, frame by frame -> [n F, P, Dv].
  at::Tensor operator()(const MediaGroup& group) const;
  /// What the features depend on, by name; null: no views.
  const Json& key() const { return key_; }

 private:
  /// Views, none of them a blend -> [N, P, Dv].
  using Gather = std::function<at::Tensor(std::span<const data::ViewRef>)>;

  /// A plan without pictures, views and what is particular to a source.
  FeaturePlan plan() const;
  /// Nothing when it was stopped.
  std::shared_ptr<const FeatureCache> build(const std::string& name,
                                            const data::SequenceSource& source,
                                            const FeaturePlan& plan) const;
  /// Encodes views in the step.
  Gather encode_views(std::shared_ptr<const data::SequenceSource> source) const;

  const TrainFlamingoRecipe& recipe_;
  const StartedModel& start_;
  const TrainHooks& hooks_;
  model::PixelEncoder pixels_;
  std::vector<Gather> stores_;  ///< by ViewRef::store
  Json key_;
};

/// Views of which some are blends -> [N, P, Dv]; a blend is the mean of its two views.
at::Tensor gather_blends(std::span<const data::ViewRef> views,
                         const std::function<at::Tensor(std::span<const data::ViewRef>)>& gather);

}  // namespace flamingo::train
