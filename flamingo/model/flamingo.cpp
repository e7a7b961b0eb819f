#include "flamingo/model/flamingo.h"

#include "flamingo/core/shape.h"

namespace flamingo {
namespace {

VisionEncoderPtr make_encoder(const VisionConfig& config, const torch::TensorOptions& options) {
  if (config.nfnet) return std::make_shared<NfnetImpl>(*config.nfnet, options);
  return std::make_shared<ClipVitImpl>(*config.clip_vit, options);
}

const FlamingoConfig& validated(const FlamingoConfig& config) {
  config.validate();
  return config;
}

/// Width of what leaves the resampler, or the encoder where there is none.
int64_t token_dim(const FlamingoConfig& config, const VisionEncoder& encoder) {
  return config.resampler ? config.resampler->width : encoder.dim();
}

void check_input(const FlamingoInput& input) {
  expect_shape(input.ids, {kAny, kAny}, "ids");
  expect_shape(input.phi, {input.ids.size(0), input.ids.size(1)}, "phi");
  if (input.media.defined()) {
    expect_shape(input.media, {input.ids.size(0), kAny, kAny, kAny}, "media");
  }
}

}  // namespace

FlamingoImpl::FlamingoImpl(const FlamingoConfig& config, const WeightOptions& options)
    : vision_encoder(register_module("vision_encoder",
                                     make_encoder(validated(config).vision, options.frozen))),
      xattn(register_module("xattn", make_typed_list<GatedXattn>())),
      lm(register_module("lm", Decoder(config.lm, options))),
      config_(config) {
  if (config.resampler) {
    resampler =
        register_module("resampler", PerceiverResampler(*config.resampler, options.trained));
  }
  if (config.widen_media) {
    media_proj = register_module("media_proj", Linear(token_dim(config_, *vision_encoder),
                                                      config.lm.dim, false, options.trained));
  }
  const int64_t count = config.xattn.count(config.lm.num_layers);
  for (int64_t i = 0; i < count; ++i) {
    xattn->append(
        GatedXattn(config.xattn, XattnWidths{config.lm.dim, media_dim()}, options.trained));
  }
}

int64_t FlamingoImpl::media_dim() const {
  return config_.widen_media ? config_.lm.dim : token_dim(config_, *vision_encoder);
}

void FlamingoImpl::set_image_size(int64_t side) {
  if (side == config_.transform.size) return;
  require(config_.vision.nfnet.has_value(), "image_size",
          "expected " + std::to_string(config_.transform.size) +
              ", for which this encoder has position embeddings, got " + std::to_string(side));
  FlamingoConfig changed = config_;
  changed.transform.size = changed.vision.nfnet->image_size = side;
  changed.validate();
  config_ = changed;
}

torch::Tensor FlamingoImpl::encode_media(const torch::Tensor& pixels) {
  return resample(encode_features(pixels));
}

torch::Tensor FlamingoImpl::encode_features(const torch::Tensor& pixels) {
  expect_shape(pixels, {kAny, kAny, kAny, 3, kAny, kAny}, "pixels");
  const auto pictures = pixels.flatten(0, 2).to(lm->compute_type());  // [N, 3, S, S]
  const auto features = vision_encoder->forward(pictures);            // [N, P, Dv]
  return features.unflatten(0, {pixels.size(0), pixels.size(1), pixels.size(2)});
}

torch::Tensor FlamingoImpl::resample(const torch::Tensor& features) const {
  expect_shape(features, {kAny, kAny, kAny, kAny, vision_encoder->dim()}, "features");
  const auto x = features.to(lm->compute_type());
  const auto media = resampler ? resampler->forward(x) : x.flatten(2, 3);
  return media_proj ? media_proj->forward(media) : media;
}

std::vector<KeyValues> FlamingoImpl::media_keys(const FlamingoInput& input) const {
  std::vector<KeyValues> all;
  for (size_t i = 0; i < xattn->size(); ++i) {
    KeyValues added;
    if (input.media.defined()) {
      added = (*xattn)[i]->encode_media(input.media.to(lm->compute_type()));
      if (input.cache) input.cache->append_media(i, added);
    }
    all.push_back(input.cache ? input.cache->media(i) : added);
  }
  if (input.cache && input.media.defined()) input.cache->advance_media(input.media.size(1));
  return all;
}

torch::Tensor FlamingoImpl::forward_hidden(const FlamingoInput& input, const Tap& tap) const {
  check_input(input);
  KvCache* cache = input.cache;
  const int64_t new_media = input.media.defined() ? input.media.size(1) : 0;
  const auto plan =
      plan_media(input.phi, new_media + (cache ? cache->num_media() : 0), lm->device());
  const auto context = lm->context(input.ids, input.attention_mask, cache);
  auto hidden = lm->embed(input.ids);  // [B, T, D]
  const auto media = media_keys(input);
  size_t next = 0;
  for (size_t n = 0; n < lm->layers->size(); ++n) {
    if (config_.xattn.before_block(static_cast<int64_t>(n))) {
      hidden = (*xattn)[next]->forward(hidden, media[next], plan);
      if (tap) tap("xattn." + std::to_string(next), hidden);
      ++next;
    }
    hidden = (*lm->layers)[n]->forward(hidden, context, cache, n);
    if (tap) tap("lm.layers." + std::to_string(n), hidden);
  }
  if (cache) cache->advance(input.ids.size(0), input.ids.size(1), input.attention_mask);
  return lm->norm->forward(hidden);
}

}  // namespace flamingo
