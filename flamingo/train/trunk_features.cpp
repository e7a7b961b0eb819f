#include "flamingo/train/trunk_features.h"

#include <span>
#include <utility>

#include "flamingo/io/sha256.h"

namespace flamingo::train {
namespace {

/// What of an encoder's config its trunk depends on.
Json trunk_config(const vision::EncoderConfig& config) {
  Json json = config.to_json();
  for (Json& kind : json) kind.erase("projection_dim");
  return json;
}

}  // namespace

std::string trunk_key(const vision::VisionEncoder& encoder) {
  io::Sha256 hash;
  for (const auto& item : encoder.named_parameters()) {
    if (item.key().starts_with(vision::VisionEncoder::kHead)) continue;
    const auto weight = item.value().detach().to(torch::kCPU, torch::kBFloat16).contiguous();
    hash.update(std::as_bytes(std::span(item.key())));
    hash.update({static_cast<const std::byte*>(weight.const_data_ptr()), weight.nbytes()});
  }
  return hash.hex();
}

TrunkFeatures::TrunkFeatures(TrunkOf trunk, std::string folder, const TrainHooks& hooks)
    : trunk_(std::move(trunk)),
      folder_(std::move(folder)),
      hooks_(hooks),
      encode_(model::frozen_trunk(trunk_.encoder, trunk_.type)) {
  const int64_t side = trunk_.config.image_size();
  const torch::Tensor features = encode_(torch::zeros({1, 3, side, side}));
  common_ = {.patches = features.size(1),
             .dim = features.size(2),
             .key = {{"encoder", trunk_key(*trunk_.encoder)},
                     {"config", trunk_config(trunk_.config)},
                     {"bf16", trunk_.type == torch::kBFloat16}}};
}

std::shared_ptr<const FeatureCache> TrunkFeatures::keep(const std::string& name,
                                                        const data::DataSource& source) const {
  const std::string folder = folder_ + "/" + name;
  const data::SourceViews shown = source.views();
  FeaturePlan plan = common_;
  plan.pictures = shown.pictures;
  plan.views = shown.views;
  plan.key.update(source.views_key());
  const FeatureSource pictures{
      .title = "features of " + name,
      .render = [&](std::span<const data::ViewRef> views,
                    std::vector<std::string>& damaged) { return source.render(views, damaged); },
      .encode = encode_,
      .stop = hooks_.stop,
      .progress = hooks_.progress};
  bool built = true;
  const parallel::ProcessGroup& world = hooks_.parallel->grid().world;
  world.run_on_rank0([&] { built = FeatureCache::build(folder, plan, pictures); });
  if (world.any(!built)) return {};
  return std::make_shared<const FeatureCache>(folder, plan);
}

torch::Tensor TrunkFeatures::gather(const FeatureCache& cache,
                                    std::span<const data::ViewRef> views) const {
  const torch::NoGradGuard no_grad;
  return trunk_.encoder->head(cache.gather(views).to(trunk_.type));
}

}  // namespace flamingo::train
