#include "flamingo/train/media_features.h"

#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::train {

MediaFeatures::MediaFeatures(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                             const TrainHooks& hooks)
    : recipe_(recipe), pixels_(model::pixel_encoder(start.model, recipe.trainable.vision)) {
  if (recipe.trainable.vision) return;
  trunk_ = std::make_shared<const TrunkFeatures>(
      TrunkOf{start.model->vision_encoder, start.model->config().vision, compute_type(recipe)},
      recipe.features_folder(), hooks);
}

MediaFeatures::Gather MediaFeatures::encode_views(
    std::shared_ptr<const data::SequenceSource> source) const {
  return [source = std::move(source), encode = pixels_](std::span<const data::ViewRef> views) {
    std::vector<std::string> damaged;
    const auto pixels = source->render(views, damaged);
    if (!damaged.empty())
      fail("sources." + source->name(), "expected pictures to train on, got {}", damaged.front());
    return encode(pixels);
  };
}

bool MediaFeatures::add(const std::string& name,
                        const std::shared_ptr<data::SequenceSource>& source) {
  const data::SourceViews shown = source->views();
  if (shown.pictures.empty()) return true;
  const int64_t number = std::ssize(stores_);
  if (recipe_.trainable.vision) {
    source->use_views({.number = number, .has = [](const data::ViewRef&) { return true; }});
    stores_.push_back(encode_views(source));
    return true;
  }
  const auto cache = trunk_->keep(name, *source);
  if (!cache) return false;
  source->use_views(
      {.number = number, .has = [cache](const data::ViewRef& view) { return cache->has(view); }});
  stores_.push_back([cache, trunk = trunk_](std::span<const data::ViewRef> views) {
    return trunk->gather(*cache, views);
  });
  key_[name] = {{"views", shown.views}, {"plan", cache->key()}};
  return true;
}

torch::Tensor MediaFeatures::operator()(const MediaGroup& group) const {
  if (group.pixels.defined()) return pixels_(group.pixels);
  return gather_blends(group.views, stores_.at(static_cast<size_t>(group.views.front().store)));
}

torch::Tensor gather_blends(
    std::span<const data::ViewRef> views,
    const std::function<at::Tensor(std::span<const data::ViewRef>)>& gather) {
  std::vector<data::ViewRef> firsts, seconds;
  std::vector<int64_t> blends;
  for (const data::ViewRef& view : views) {
    if (view.is_blend()) {
      blends.push_back(std::ssize(firsts));
      seconds.push_back({.picture = view.second_picture, .view = view.second_view});
    }
    firsts.push_back({.picture = view.picture, .view = view.view});
  }
  const auto features = gather(firsts);
  if (blends.empty()) return features;
  const auto index = torch::tensor(blends);
  return features.index_copy(0, index, features.index_select(0, index).lerp(gather(seconds), 0.5));
}

}  // namespace flamingo::train
