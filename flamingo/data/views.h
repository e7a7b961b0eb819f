#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "flamingo/data/augment.h"
#include "flamingo/data/pictogram_set.h"

namespace flamingo::data {

/// The input of augment() for a drawing, without a distractor. Throws Error on an unknown drawing.
AugmentInput augment_input(const PictogramSet& set, int64_t drawing);

/// Renders views of a set; a view depends on (seed, drawing, view) only.
class ViewRenderer {
 public:
  /// side: S of the pictures. Throws Error when config is out of range.
  ViewRenderer(PictogramSet set, const AugmentConfig& config, int64_t side, uint64_t seed);

  /// pixels [N, 3, S, S], fp32, normalised. Throws Error on an unknown drawing or a blend.
  at::Tensor render(std::span<const ViewRef> views);
  /// One view into out [3, S, S].
  void render_into(const ViewRef& view, std::span<float> out);

  const PictogramSet& set() const { return set_; }
  int64_t side() const { return augmenter_.side(); }

 private:
  PictogramSet set_;
  Augmenter augmenter_;
  std::vector<int64_t> train_;  ///< drawings that may be distractors
  uint64_t seed_;
};

}  // namespace flamingo::data
