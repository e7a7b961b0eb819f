#include "flamingo/data/views.h"

#include <ATen/ops/empty.h>

#include <string>

namespace flamingo::data {

AugmentInput augment_input(const PictogramSet& set, int64_t drawing) {
  const auto pixels = set.pixels(drawing);
  const PictogramDrawing& entry = set.drawings()[static_cast<size_t>(drawing)];
  return {.pixels = pixels,
          .outline = entry.style == PictogramStyle::kOutline,
          .mirrorable = set.concepts()[static_cast<size_t>(entry.concept_index)].mirrorable};
}

ViewRenderer::ViewRenderer(PictogramSet set, const AugmentConfig& config, int64_t side,
                           uint64_t seed)
    : set_(std::move(set)),
      augmenter_(config, side),
      train_(set_.drawings_in(PictogramSplit::kTrain)),
      seed_(seed) {}

at::Tensor ViewRenderer::render(std::span<const ViewRef> views) {
  const int64_t size = 3 * side() * side();
  at::Tensor pixels = at::empty({std::ssize(views), 3, side(), side()}, at::kFloat);
  float* out = pixels.data_ptr<float>();
  for (const ViewRef& view : views) {
    render_into(view, {out, static_cast<size_t>(size)});
    out += size;
  }
  return pixels;
}

void ViewRenderer::render_into(const ViewRef& view, std::span<float> out) {
  require(!view.is_blend(), "ViewRenderer", "expected a view of one drawing, got a blend");
  if (view.view == 0) {
    augmenter_.clean(set_.pixels(view.drawing), out);
    return;
  }
  Rng rng = Rng::for_name(seed_,
                          "view " + std::to_string(view.drawing) + " " + std::to_string(view.view));
  AugmentInput input = augment_input(set_, view.drawing);
  if (!train_.empty()) input.distractor = set_.pixels(train_[rng.below(train_.size())]);
  augmenter_.augment(input, rng, out);
}

}  // namespace flamingo::data
