#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/data/document_source.h"
#include "flamingo/data/pictogram_set.h"
#include "flamingo/train/collate.h"
#include "flamingo/train/feature_cache.h"
#include "flamingo/train/pixel_encoder.h"
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

  /// Views of the training drawings, for episodes; rendered and encoded in the step where the
  /// encoder is trained. False when it was stopped. Call it first. Throws Error as
  /// FeatureCache::build does.
  bool add_pictograms(const data::PictogramSet& set);
  /// Views of a source's pictures, if it has any (DocumentSource::pictures), which it then uses.
  /// The encoder must be frozen. False when it was stopped. Throws Error as FeatureCache::build
  /// does.
  bool add_documents(const std::string& name, data::DocumentSource& documents,
                     const data::DocumentSourceConfig& config);

  /// A group's media, frame by frame -> [n F, P, Dv].
  at::Tensor operator()(const MediaGroup& group) const;
  /// What the features depend on; null: no views.
  const Json& key() const { return key_; }

 private:
  /// A plan without drawings, views and what is particular to a source.
  FeaturePlan plan() const;
  /// Nothing when it was stopped.
  std::shared_ptr<const FeatureCache> build(const std::string& folder, const FeaturePlan& plan,
                                            FeatureSource source) const;

  const TrainFlamingoRecipe& recipe_;
  const StartedModel& start_;
  const TrainHooks& hooks_;
  PixelEncoder pixels_;
  std::vector<std::function<at::Tensor(std::span<const data::ViewRef>)>>
      views_;  ///< by ViewRef::cache
  Json key_;
};

}  // namespace flamingo::train
