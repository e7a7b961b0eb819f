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
#include "flamingo/train/start_model.h"
#include "flamingo/train/train_recipe.h"
#include "flamingo/train/trainer.h"
#include "flamingo/train/trunk_features.h"

namespace flamingo::train {

/// How the media of a run become features: pixels are encoded in the step, views come from caches
/// in the recipe's features_folder() that the first process builds before the run.
class MediaFeatures {
 public:
  /// Recipe and hooks must outlive it; hooks.parallel must be set.
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

  /// Encodes views in the step.
  Gather encode_views(std::shared_ptr<const data::SequenceSource> source) const;

  const TrainFlamingoRecipe& recipe_;
  model::PixelEncoder pixels_;
  std::shared_ptr<const TrunkFeatures> trunk_;  ///< null where the encoder is trained
  std::vector<Gather> stores_;                  ///< by ViewRef::store
  Json key_;
};

/// Views of which some are blends -> [N, P, Dv]; a blend is the mean of its two views.
at::Tensor gather_blends(std::span<const data::ViewRef> views,
                         const std::function<at::Tensor(std::span<const data::ViewRef>)>& gather);

}  // namespace flamingo::train
