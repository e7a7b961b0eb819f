#include "flamingo/model/flamingo.h"

#include "flamingo/core/shape.h"
#include "flamingo/nn/recompute.h"

namespace flamingo::model {
namespace {

const FlamingoConfig& validated(const FlamingoConfig& config) {
  config.validate();
  return config;
}

/// Width of what leaves the resampler, or the encoder where there is none.
int64_t token_dim(const FlamingoConfig& config, const vision::VisionEncoder& encoder) {
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

/// What all blocks of one forward pass see.
struct ForwardState {
  lm::MediaPlan plan;
  lm::BlockContext context;
  lm::KvCache* cache;
  Tap tap;

  torch::Tensor tapped(const std::string& name, torch::Tensor value) const {
    if (tap) tap(name, value);
    return value;
  }
};

/// Where a cross-attention layer is beside its block.
enum class XattnPlace { kBefore, kInside, kAfter };

/// A block and the cross-attention layer that goes with it, number i, if there is one.
struct BlockPair {
  std::string name;  ///< of the block, for taps
  size_t n = 0;      ///< of the block, in the cache
  lm::DecoderBlock block{nullptr};
  size_t i = 0;
  lm::GatedXattn xattn{nullptr};
  XattnPlace place = XattnPlace::kBefore;

  /// hidden [B, T, D], keys and values of the layer's media -> [B, T, D].
  torch::Tensor forward(torch::Tensor hidden, const lm::KeyValues& media,
                        const ForwardState& state) const {
    const lm::BetweenParts cross = [&](const torch::Tensor& x) {
      return state.tapped("xattn." + std::to_string(i), xattn->forward(x, media, state.plan));
    };
    if (xattn && place == XattnPlace::kBefore) hidden = cross(hidden);
    const bool inside = xattn && place == XattnPlace::kInside;
    hidden = state.tapped(name, block->forward(hidden, state.context, state.cache, n,
                                               inside ? cross : lm::BetweenParts()));
    return xattn && place == XattnPlace::kAfter ? cross(hidden) : hidden;
  }

  std::vector<torch::Tensor> parameters() const {
    auto all = block->parameters();
    if (xattn) {
      const auto more = xattn->parameters();
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }
};

namespace {

/// All pairs of a model in their order: the LM's blocks, then what is grafted onto them.
std::vector<BlockPair> block_pairs(const FlamingoImpl& model) {
  const lm::GatedXattnConfig& config = model.config().xattn;
  std::vector<BlockPair> pairs;
  const auto add = [&](const char* list, size_t i, const lm::DecoderBlock& block) {
    pairs.push_back({.name = list + std::to_string(i), .n = pairs.size(), .block = block});
  };
  size_t next = 0;
  for (size_t n = 0; n < model.lm->layers->size(); ++n) {
    add("lm.layers.", n, (*model.lm->layers)[n]);
    if (!config.at_block(static_cast<int64_t>(n))) continue;
    pairs.back().i = next;
    pairs.back().xattn = (*model.xattn)[next++];
    if (config.form == lm::XattnForm::kVanilla) pairs.back().place = XattnPlace::kInside;
  }
  for (size_t i = 0; i < model.graft->size(); ++i) {
    add("graft.", i, (*model.graft)[i]);
    pairs.back().i = i;
    pairs.back().xattn = (*model.xattn)[i];
    pairs.back().place = XattnPlace::kAfter;
  }
  return pairs;
}

/// pair.forward, computed again in backward.
torch::Tensor forward_again(const BlockPair& pair, const torch::Tensor& hidden,
                            const lm::KeyValues& media,
                            const std::shared_ptr<const ForwardState>& state) {
  std::vector<torch::Tensor> inputs{hidden};
  if (media.keys.defined()) inputs.insert(inputs.end(), {media.keys, media.values});
  const auto run = [pair, state](const std::vector<torch::Tensor>& in) {
    return pair.forward(in[0], in.size() > 1 ? lm::KeyValues{in[1], in[2]} : lm::KeyValues{},
                        *state);
  };
  return nn::recompute(run, inputs, pair.parameters());
}

}  // namespace

FlamingoImpl::FlamingoImpl(const FlamingoConfig& config, const lm::WeightOptions& options)
    : vision_encoder(
          register_module("vision_encoder", validated(config).vision.make(options.frozen))),
      xattn(register_module("xattn", nn::make_typed_list<lm::GatedXattn>())),
      graft(register_module("graft", nn::make_typed_list<lm::DecoderBlock>())),
      lm(register_module("lm", lm::Decoder(config.lm, options))),
      config_(config) {
  if (config.resampler) {
    resampler =
        register_module("resampler", resampler::Resampler(*config.resampler, options.trained));
  }
  if (config.widen_media) {
    media_proj = register_module("media_proj", nn::Linear(token_dim(config_, *vision_encoder),
                                                          config.lm.dim, false, options.trained));
  }
  const int64_t count = config.xattn.count(config.lm.num_layers);
  for (int64_t i = 0; i < count; ++i) {
    xattn->append(
        lm::GatedXattn(config.xattn, lm::XattnWidths{config.lm.dim, media_dim()}, options.trained));
    if (config.xattn.form != lm::XattnForm::kGrafting) continue;
    graft->append(lm::DecoderBlock(config.lm, options.trained));
  }
  pairs_ = std::make_shared<const std::vector<BlockPair>>(block_pairs(*this));
}

int64_t FlamingoImpl::media_dim() const {
  return config_.widen_media ? config_.lm.dim : token_dim(config_, *vision_encoder);
}

void FlamingoImpl::set_image_size(int64_t side) {
  if (side == config_.transform.size) return;
  FlamingoConfig changed = config_;
  changed.vision.set_image_size(side);
  changed.transform.size = side;
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

std::vector<lm::KeyValues> FlamingoImpl::media_keys(const FlamingoInput& input) const {
  std::vector<lm::KeyValues> all;
  for (size_t i = 0; i < xattn->size(); ++i) {
    lm::KeyValues added;
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
  lm::KvCache* cache = input.cache;
  const int64_t new_media = input.media.defined() ? input.media.size(1) : 0;
  const auto state = std::make_shared<const ForwardState>(
      ForwardState{.plan = lm::plan_media(input.phi, new_media + (cache ? cache->num_media() : 0),
                                          lm->device(), config_.xattn.media_attention),
                   .context = lm->context(input.ids, input.attention_mask, cache),
                   .cache = cache,
                   .tap = tap});
  auto hidden = lm->embed(input.ids);  // [B, T, D]
  const auto media = media_keys(input);
  const bool checkpoints = checkpoint_blocks_ && !cache && !tap;
  for (const BlockPair& pair : *pairs_) {
    const lm::KeyValues seen = pair.xattn ? media[pair.i] : lm::KeyValues{};
    hidden =
        checkpoints ? forward_again(pair, hidden, seen, state) : pair.forward(hidden, seen, *state);
  }
  if (cache) cache->advance(input.ids.size(0), input.ids.size(1), input.attention_mask);
  return lm->norm->forward(hidden);
}

}  // namespace flamingo::model
