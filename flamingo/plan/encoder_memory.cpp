#include "flamingo/plan/encoder_memory.h"

#include <algorithm>

#include "flamingo/nn/attention_cost.h"
#include "flamingo/plan/encoder_layers.h"
#include "flamingo/plan/step_shape.h"

namespace flamingo::plan {
namespace {

/// Values before and after a convolution, of one picture.
int64_t values_in(const ConvExtents& c) { return c.side * c.side * c.in; }
int64_t values_out(const ConvExtents& c) { return c.side_out() * c.side_out() * c.out; }

/// A trained convolution keeps its input, the standardised kernel and, in fp32, the kernel before
/// its gain.
StepUnit trained_conv(const ConvExtents& conv, int64_t pictures, int64_t c) {
  const int64_t weights = conv.weights();
  return {c * pictures * values_in(conv) + (4 + c) * weights,
          c * pictures * (values_in(conv) + values_out(conv)) + 3 * 4 * weights,
          4 * (weights + 2 * conv.out)};
}

/// Of a block: the activation's input and result, which all its convolutions but the last see, what
/// leaves its branch, and the small layers of squeeze and excitation.
StepUnit nfnet_block(const NfnetBlockExtents& block, int64_t pictures, int64_t c) {
  const KeptBytes bytes(c);
  StepUnit unit;
  for (const ConvExtents& conv : block.branch) {
    unit = unit + trained_conv(conv, pictures, c);
    unit.kept += c * pictures * values_in(conv);  // before the activation
  }
  const ConvExtents& last = block.branch.back();
  unit.kept += c * pictures * values_out(last);
  if (block.shortcut) {
    StepUnit shortcut = trained_conv(*block.shortcut, pictures, c);
    // Without a mean over windows it sees what the first convolution sees.
    if (block.shortcut->side == block.branch.front().side)
      shortcut.kept -= c * pictures * values_in(*block.shortcut);
    unit = unit + shortcut;
  }
  unit = unit + bytes.linear(pictures, last.out, block.excite, true) +
         bytes.linear(pictures, block.excite, last.out, true);
  unit.buffers += c * pictures * (2 * values_in(block.branch.front()) + 2 * values_out(last));
  return unit;
}

std::vector<StepUnit> nfnet_units(const vision::NfnetConfig& config, int64_t pictures, int64_t c) {
  const NfnetLayers layers = nfnet_layers(config);
  std::vector<StepUnit> units;
  for (size_t i = 0; i < layers.stem.size(); ++i) {
    units.push_back(trained_conv(layers.stem[i], pictures, c));
    if (i > 0) units.back().kept += c * pictures * values_in(layers.stem[i]);
  }
  for (const auto& block : layers.blocks) units.push_back(nfnet_block(block, pictures, c));
  if (layers.last) units.push_back(trained_conv(*layers.last, pictures, c));
  const int64_t features = c * pictures * config.num_patches(config.image_size) * config.dim();
  units.push_back({.kept = features, .buffers = 2 * features});  // the last activation
  return units;
}

/// A trained convolution keeps its input, which is the result of the activation before it, and its
/// kernel in the compute type.
std::vector<StepUnit> efficientnet_units(const vision::EfficientNetConfig& config, int64_t pictures,
                                         int64_t c) {
  std::vector<StepUnit> units;
  for (const ConvExtents& conv : efficientnet_layers(config)) {
    const int64_t cast = c == 4 ? 0 : c * conv.weights();
    units.push_back({c * pictures * values_in(conv) + cast,
                     2 * c * pictures * (values_in(conv) + values_out(conv)) + 4 * conv.weights(),
                     4 * (conv.weights() + conv.out)});
  }
  const int64_t features = c * pictures * config.num_patches(config.image_size) * config.dim();
  units.push_back({.kept = features, .buffers = 2 * features});  // the last activation
  return units;
}

StepUnit clip_layer(const vision::ClipVitConfig& config, int64_t pictures, int64_t c) {
  const KeptBytes bytes(c);
  const int64_t tokens = config.num_patches() + 1, rows = pictures * tokens, W = config.width;
  const nn::AttentionCost cost = nn::attention_cost(tokens, tokens, nn::KeyRange::kAll);
  const int64_t scores = pictures * config.heads * cost.pairs;
  const int64_t block = std::min(tokens, nn::kAttentionBlock);
  // Queries; keys and values as each block of queries copies them.
  StepUnit mixed{c * W * (rows + 2 * pictures * cost.keys) + bytes.softmax(scores),
                 c * rows * 2 * W + (c == 4 ? 8 : 4) * pictures * config.heads * block * tokens, 0};
  return bytes.norm(rows, W, {}, true) + bytes.linear(rows, W, 3 * W, true) + mixed +
         bytes.linear(rows, W, W, true) + bytes.norm(rows, W, {}, true) +
         bytes.ffw(rows, {.dim = W, .hidden = config.mlp_width, .activation = config.activation},
                   true);
}

std::vector<StepUnit> clip_units(const vision::ClipVitConfig& config, int64_t pictures, int64_t c) {
  const KeptBytes bytes(c);
  const int64_t rows = pictures * (config.num_patches() + 1), W = config.width;
  const ConvExtents conv = patch_conv(config);
  StepUnit patches = bytes.linear(rows, conv.fan_in(), W, true) + bytes.norm(rows, W, {}, true);
  std::vector<StepUnit> units{patches};
  units.insert(units.end(), static_cast<size_t>(config.layers), clip_layer(config, pictures, c));
  if (config.output == vision::ClipOutput::kPatchesNormed)
    units.push_back(bytes.norm(rows, W, {}, true));
  return units;
}

/// The activation's input and result, the latter padded where windows do not fit, and what the
/// convolution gives.
int64_t conv_buffers(const ConvExtents& conv) {
  const bool pads = conv.kernel > 1 && conv.stride > 1;
  return (pads ? 3 : 2) * values_in(conv) + values_out(conv);
}

int64_t nfnet_buffers(const vision::NfnetConfig& config, int64_t c) {
  const NfnetLayers layers = nfnet_layers(config);
  int64_t most = 0;
  for (const ConvExtents& conv : layers.stem) most = std::max(most, conv_buffers(conv));
  for (const NfnetBlockExtents& block : layers.blocks) {
    // The block's input or its shortcut stays while the branch is computed.
    const int64_t stays =
        block.shortcut ? values_out(*block.shortcut) : values_in(block.branch.front());
    for (const ConvExtents& conv : block.branch) most = std::max(most, stays + conv_buffers(conv));
  }
  return c * most;
}

/// What comes into a block stays while its convolutions run, each with its input, padded where
/// windows do not fit, and its result.
int64_t efficientnet_buffers(const vision::EfficientNetConfig& config, int64_t c) {
  int64_t most = 0, stays = 0;
  for (const ConvExtents& conv : efficientnet_layers(config)) {
    if (conv.groups == 1 && conv.in < conv.out) stays = values_in(conv);
    const bool pads = conv.kernel > 1 && conv.stride > 1;
    most = std::max(most, stays + (pads ? 2 : 1) * values_in(conv) + values_out(conv));
  }
  return c * most;
}

/// Attention: the layer's input, q, k, v, a copy of keys or values, and the result; scores and
/// softmax of a block of queries.
int64_t clip_buffers(const vision::ClipVitConfig& config, int64_t c) {
  const int64_t rows = config.num_patches() + 1, W = config.width;
  const int64_t block = std::min(rows, nn::kAttentionBlock);
  return c * std::max(rows * 6 * W + 2 * config.heads * block * rows,
                      rows * (3 * W + 2 * config.mlp_width));
}

}  // namespace

std::vector<StepUnit> encoder_units(const vision::EncoderConfig& config, int64_t pictures,
                                    int64_t compute_bytes) {
  if (const auto* nfnet = config.as<vision::NfnetConfig>())
    return nfnet_units(*nfnet, pictures, compute_bytes);
  if (const auto* net = config.as<vision::EfficientNetConfig>())
    return efficientnet_units(*net, pictures, compute_bytes);
  return clip_units(*config.as<vision::ClipVitConfig>(), pictures, compute_bytes);
}

int64_t encoder_buffers(const vision::EncoderConfig& config, int64_t pictures,
                        int64_t compute_bytes) {
  const auto* nfnet = config.as<vision::NfnetConfig>();
  const auto* net = config.as<vision::EfficientNetConfig>();
  const int64_t each = nfnet ? nfnet_buffers(*nfnet, compute_bytes)
                       : net ? efficientnet_buffers(*net, compute_bytes)
                             : clip_buffers(*config.as<vision::ClipVitConfig>(), compute_bytes);
  const int64_t features = compute_bytes * num_patches(config) * config.dim();
  return std::min(pictures, kEncodedAtOnce) * each + 2 * pictures * features;
}

int64_t folded_bytes(const vision::EncoderConfig& config, int64_t compute_bytes) {
  const auto* nfnet = config.as<vision::NfnetConfig>();
  if (!nfnet) return 0;
  const NfnetLayers layers = nfnet_layers(*nfnet);
  int64_t weights = layers.last ? layers.last->weights() : 0;
  for (const ConvExtents& conv : layers.stem) weights += conv.weights();
  for (const NfnetBlockExtents& block : layers.blocks) {
    for (const ConvExtents& conv : block.branch) weights += conv.weights();
    if (block.shortcut) weights += block.shortcut->weights();
  }
  return compute_bytes * weights;
}

}  // namespace flamingo::plan
