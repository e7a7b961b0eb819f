#include "flamingo/data/views.h"

#include <ATen/ops/full.h>

#include <algorithm>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::data {

ViewRenderer::ViewRenderer(pictures::LabelledPictures set, const pictures::AugmentConfig& augment,
                           const media::TransformConfig& transform, uint64_t seed,
                           const std::string& split)
    : set_(std::move(set)),
      transform_(transform),
      augmenter_(augment, transform),
      distractors_(set_.pictures_in(split)),
      seed_(seed) {}

at::Tensor ViewRenderer::render(std::span<const ViewRef> views) {
  std::vector<std::string> damaged;
  at::Tensor pixels = render(views, damaged);
  if (!damaged.empty()) fail("pictures", "expected pictures to show, got {}", damaged.front());
  return pixels;
}

at::Tensor ViewRenderer::render(std::span<const ViewRef> views, std::vector<std::string>& damaged) {
  const int64_t size = 3 * side() * side();
  at::Tensor pixels = at::full({std::ssize(views), 3, side(), side()},
                               std::numeric_limits<float>::quiet_NaN(), at::kFloat);
  float* out = pixels.data_ptr<float>();
  for (const ViewRef& view : views) {
    require(!view.is_blend(), "ViewRenderer", "expected a view of one picture, got a blend");
    set_.picture(view.picture);  // an index out of range is no damaged picture
    try {
      render_into(view, {out, static_cast<size_t>(size)});
    } catch (const Error& error) {
      if (view.view == 0) damaged.emplace_back(error.what());
    }
    out += size;
  }
  return pixels;
}

const pictures::AugmentInput& ViewRenderer::input_of(int64_t picture) {
  if (picture == last_) return input_;
  last_ = -1;
  const media::Image image = set_.image(picture);
  input_ = {.picture = pictures::square_picture(image, transform_),
            .opaque = image.mode == media::PixelMode::kRgb,
            .line_art = set_.picture(picture).line_art,
            .mirrorable = set_.class_of(picture).mirrorable};
  last_ = picture;
  return input_;
}

void ViewRenderer::augment(int64_t picture, Rng& rng, std::span<float> out) {
  pictures::AugmentInput input = input_of(picture);
  if (!distractors_.empty()) {
    const int64_t behind = distractors_[rng.below(distractors_.size())];
    input.distractor = [this, behind] {
      return pictures::square_picture(set_.image(behind), transform_);
    };
  }
  augmenter_.augment(input, rng, out);
}

void ViewRenderer::render_into(const ViewRef& view, std::span<float> out) {
  if (view.view > 0) {
    Rng rng = Rng::for_name(
        seed_, "view " + std::to_string(view.picture) + " " + std::to_string(view.view));
    return augment(view.picture, rng, out);
  }
  const pictures::AugmentInput& input = input_of(view.picture);
  if (!input.opaque) return augmenter_.clean(input.picture, out);
  std::ranges::copy(pictures::opaque_pixels(set_.image(view.picture), transform_), out.begin());
}

SourceViews labelled_views(const pictures::LabelledPictures& set, const LabelledViews& shown) {
  SourceViews views{.views = shown.views};
  for (const int64_t index : set.classes_in(shown.split)) {
    const auto pictures = set.pictures_of(index, shown.split, shown.styles);
    views.pictures.insert(views.pictures.end(), pictures.begin(), pictures.end());
  }
  std::ranges::sort(views.pictures);
  return views;
}

Json labelled_views_key(const pictures::LabelledPictures& set, const LabelledViews& shown,
                        const pictures::AugmentConfig& augment,
                        const media::TransformConfig& transform) {
  return {{"pictures", set.hash()},
          {"augment", config_to_json(augment)},
          {"transform", config_to_json(transform)},
          {"split", shown.split},
          {"seed", shown.seed}};
}

}  // namespace flamingo::data
