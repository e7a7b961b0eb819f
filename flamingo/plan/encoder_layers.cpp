#include "flamingo/plan/encoder_layers.h"

namespace flamingo::plan {
namespace {

/// A share of a width; configurations give whole ones.
int64_t share_of(int64_t width, double ratio) {
  return static_cast<int64_t>(ratio * static_cast<double>(width));
}

NfnetBlockExtents block_extents(const vision::NfnetConfig& config, const ConvExtents& place) {
  const int64_t inner = share_of(place.out, config.bottle_ratio);
  const int64_t groups = config.group_width > 0 ? inner / config.group_width : 1;
  const int64_t after = place.side_out();
  NfnetBlockExtents block{.branch = {{.side = place.side, .in = place.in, .out = inner},
                                     {.side = place.side,
                                      .in = inner,
                                      .out = inner,
                                      .kernel = 3,
                                      .stride = place.stride,
                                      .groups = groups}},
                          .excite = share_of(place.out, config.se_ratio)};
  if (config.extra_conv) {
    block.branch.push_back(
        {.side = after, .in = inner, .out = inner, .kernel = 3, .groups = groups});
  }
  block.branch.push_back({.side = after, .in = inner, .out = place.out});
  if (place.stride != 1 || place.in != place.out)
    block.shortcut = ConvExtents{.side = after, .in = place.in, .out = place.out};
  return block;
}

}  // namespace

NfnetLayers nfnet_layers(const vision::NfnetConfig& config) {
  NfnetLayers layers;
  int64_t side = config.image_size, in = 3;
  for (size_t i = 0; i < config.stem_channels.size(); ++i) {
    layers.stem.push_back({.side = side,
                           .in = in,
                           .out = config.stem_channels[i],
                           .kernel = 3,
                           .stride = config.stem_strides[i]});
    side = layers.stem.back().side_out();
    in = config.stem_channels[i];
  }
  for (size_t s = 0; s < config.depths.size(); ++s) {
    for (int64_t b = 0; b < config.depths[s]; ++b) {
      const ConvExtents place{.side = side,
                              .in = in,
                              .out = config.widths[s],
                              .stride = b == 0 ? config.strides[s] : 1};
      layers.blocks.push_back(block_extents(config, place));
      side = place.side_out();
      in = place.out;
    }
  }
  if (config.final_width > 0)
    layers.last = ConvExtents{.side = side, .in = in, .out = config.final_width};
  return layers;
}

std::vector<ConvExtents> efficientnet_layers(const vision::EfficientNetConfig& config) {
  std::vector<ConvExtents> layers;
  const auto add = [&](ConvExtents conv) {
    conv.side = layers.empty() ? config.image_size : layers.back().side_out();
    layers.push_back(conv);
  };
  add({.in = 3, .out = config.stem_width, .kernel = 3, .stride = 2});
  for (const auto& stage : config.stages()) {
    for (const vision::MbConvShape& block : stage) {
      const int64_t hidden = block.hidden();
      if (block.expansion > 1) add({.in = block.in, .out = hidden});
      add({.in = hidden,
           .out = hidden,
           .kernel = block.kernel,
           .stride = block.stride,
           .groups = hidden});
      add({.in = hidden, .out = block.out});
    }
  }
  add({.in = config.widths.back(), .out = config.final_width});
  return layers;
}

ConvExtents patch_conv(const vision::ClipVitConfig& config) {
  return {.side = config.image_size,
          .in = 3,
          .out = config.width,
          .kernel = config.patch_size,
          .stride = config.patch_size};
}

}  // namespace flamingo::plan
