#include "flamingo/train/media_features.h"

#include <memory>
#include <utility>

#include "flamingo/data/views.h"

namespace flamingo::train {

MediaFeatures::MediaFeatures(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                             const TrainHooks& hooks)
    : recipe_(recipe),
      start_(start),
      hooks_(hooks),
      pixels_(pixel_encoder(start.model, recipe.trainable.vision)),
      views_(1) {}

FeaturePlan MediaFeatures::plan() const {
  const int64_t side = start_.model->config().transform.size;
  model::Flamingo model = start_.model;
  const auto features = model->encode_features(torch::zeros({1, 1, 1, 3, side, side}));
  return {.patches = features.size(3),
          .dim = features.size(4),
          .key = {{"encoder", start_.encoder_key},
                  {"bf16", compute_type(recipe_) == torch::kBFloat16}}};
}

std::shared_ptr<const FeatureCache> MediaFeatures::build(const std::string& folder,
                                                         const FeaturePlan& plan,
                                                         FeatureSource source) const {
  source.encode = pixels_;
  source.stop = hooks_.stop;
  source.progress = hooks_.progress;
  bool built = true;
  const parallel::ProcessGroup& world = hooks_.parallel->grid().world;
  world.run_on_rank0([&] { built = FeatureCache::build(folder, plan, source); });
  if (world.any(!built)) return {};
  return std::make_shared<const FeatureCache>(folder, plan);
}

bool MediaFeatures::add_pictograms(const data::PictogramSet& set) {
  const int64_t side = start_.model->config().transform.size;
  auto renderer = std::make_shared<data::ViewRenderer>(set, recipe_.augment, side, recipe_.seed);
  if (recipe_.trainable.vision) {
    views_[0] = [renderer, encode = pixels_](std::span<const data::ViewRef> views) {
      return encode(renderer->render(views));
    };
    return true;
  }
  FeaturePlan plan = this->plan();
  plan.drawings = set.drawings_in(data::PictogramSplit::kTrain);
  plan.views = episode_views(recipe_.sources);
  plan.key["augment"] = config_to_json(recipe_.augment);
  plan.key["image_size"] = side;
  plan.key["seed"] = recipe_.seed;
  const auto cache = build(recipe_.train.output + "/features", plan,
                           {.render = [renderer](std::span<const data::ViewRef> views, auto&) {
                             return renderer->render(views);
                           }});
  if (!cache) return false;
  views_[0] = [cache](std::span<const data::ViewRef> views) { return cache->gather(views); };
  key_ = plan.key;
  return true;
}

bool MediaFeatures::add_documents(const std::string& name, data::DocumentSource& documents,
                                  const data::DocumentSourceConfig& config) {
  if (documents.pictures().numbers.empty()) return true;
  FeaturePlan plan = this->plan();
  plan.drawings = documents.pictures().numbers;
  plan.views = config.cached_views - 1;
  plan.key["pictures"] = documents.pictures().hash;
  plan.key["transform"] = config_to_json(start_.model->config().transform);
  plan.key["variation"] = config_to_json(config.variation);
  plan.key["seed"] = config.seed;
  const auto cache = build(
      recipe_.train.output + "/features/" + name, plan,
      {.title = "features of " + name,
       .render = [&](std::span<const data::ViewRef> views, std::vector<std::string>& damaged) {
         return documents.render(views, damaged);
       }});
  if (!cache) return false;
  documents.use_cache({.number = std::ssize(views_),
                       .has = [cache](const data::ViewRef& view) { return cache->has(view); }});
  views_.push_back([cache](std::span<const data::ViewRef> views) { return cache->gather(views); });
  key_["documents"][name] = {{"views", config.cached_views}, {"plan", plan.key}};
  return true;
}

torch::Tensor MediaFeatures::operator()(const MediaGroup& group) const {
  if (group.pixels.defined()) return pixels_(group.pixels);
  return views_.at(static_cast<size_t>(group.views.front().cache))(group.views);
}

}  // namespace flamingo::train
