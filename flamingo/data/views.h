#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/data/view_ref.h"
#include "flamingo/media/transform.h"
#include "flamingo/pictures/augment.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::data {

/// Renders views of labelled pictures; a view depends on (seed, picture, view) only. View 0 is what
/// the model would be shown: the transform of an opaque picture, a see-through one on white. Not
/// for use by two threads at once.
class ViewRenderer {
 public:
  /// Distractors come from `split`. Throws Error when a config is out of range.
  ViewRenderer(pictures::LabelledPictures set, const pictures::AugmentConfig& augment,
               const media::TransformConfig& transform, uint64_t seed,
               const std::string& split = pictures::kTrainSplit);

  /// N views -> pixels [N, 3, S, S], fp32, normalised. Throws Error on an unknown picture, a
  /// damaged one or a blend.
  at::Tensor render(std::span<const ViewRef> views);
  /// The same, [N, 3, S, S], but views of a damaged picture are NaN, and its view 0 names it in
  /// `damaged`.
  at::Tensor render(std::span<const ViewRef> views, std::vector<std::string>& damaged);
  /// A random view of a picture into out [3, S, S].
  void augment(int64_t picture, Rng& rng, std::span<float> out);

  const pictures::LabelledPictures& set() const { return set_; }
  int64_t side() const { return transform_.size; }

 private:
  void render_into(const ViewRef& view, std::span<float> out);
  /// The picture as augmentation takes it; the last one is kept.
  const pictures::AugmentInput& input_of(int64_t picture);

  pictures::LabelledPictures set_;
  media::TransformConfig transform_;
  pictures::Augmenter augmenter_;
  std::vector<int64_t> distractors_;
  uint64_t seed_;
  int64_t last_ = -1;  ///< whose input is kept
  pictures::AugmentInput input_;
};

/// Which labelled pictures are shown in which views.
struct LabelledViews {
  std::string split = pictures::kTrainSplit;
  std::vector<std::string> styles;  ///< none: all
  int64_t views = 1;                ///< of each picture: view 0, 1, ... views - 1
  uint64_t seed = 1;
};

/// The views as a source tells them.
SourceViews labelled_views(const pictures::LabelledPictures& set, const LabelledViews& shown);

/// Whatever their pixels depend on, as DataSource::views_key; reads every picture.
Json labelled_views_key(const pictures::LabelledPictures& set, const LabelledViews& shown,
                        const pictures::AugmentConfig& augment,
                        const media::TransformConfig& transform);

}  // namespace flamingo::data
