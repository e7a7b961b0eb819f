#include "flamingo/train/trunk_features.h"

#include <span>
#include <utility>

#include "flamingo/io/sha256.h"

namespace flamingo::train {

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

TrunkFeatures::TrunkFeatures(vision::VisionEncoderPtr encoder, torch::ScalarType type, int64_t side,
                             std::string folder, const TrainHooks& hooks)
    : encoder_(std::move(encoder)),
      type_(type),
      side_(side),
      folder_(std::move(folder)),
      hooks_(hooks),
      trunk_(model::frozen_trunk(encoder_, type)) {}

FeaturePlan TrunkFeatures::plan(const data::DataSource& source) const {
  const auto shape = trunk_(torch::zeros({1, 3, side_, side_})).sizes();
  const data::SourceViews shown = source.views();
  FeaturePlan plan{.pictures = shown.pictures,
                   .views = shown.views,
                   .patches = shape[1],
                   .dim = shape[2],
                   .key = {{"encoder", trunk_key(*encoder_)}, {"bf16", type_ == torch::kBFloat16}}};
  plan.key.update(source.views_key());
  return plan;
}

std::shared_ptr<const FeatureCache> TrunkFeatures::keep(const std::string& name,
                                                        const data::DataSource& source) const {
  const std::string folder = folder_ + "/" + name;
  const FeaturePlan plan = this->plan(source);
  const FeatureSource pictures{
      .title = "features of " + name,
      .render = [&](std::span<const data::ViewRef> views,
                    std::vector<std::string>& damaged) { return source.render(views, damaged); },
      .encode = trunk_,
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
  return encoder_->head(cache.gather(views).to(type_));
}

}  // namespace flamingo::train
