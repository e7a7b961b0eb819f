#pragma once

#include <string>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/vision/nfnet_config.h"

namespace flamingo::checkpoint {

/// Weights of Nfnet from timm's dm_nfnet_* files. Names are the same; the squeeze-excite matrices,
/// 1x1 convolutions there, lose their two last axes. Throws Error when one of those is not 1x1.
StateDict nfnet_from_timm(const StateDict& weights);

/// timm's names and shapes for weights of Nfnet.
StateDict nfnet_to_timm(const StateDict& weights);

/// timm's reading of a preset: exact GELU, and eps 1e-5 added to the weight variance.
vision::NfnetConfig as_timm(vision::NfnetConfig config);

/// Config from {"num_classes": n, "model_args": {timm's NfCfg fields}}. `where` names the file in
/// errors. Throws Error on options that are no dm_nfnet (another stem, no skip-init, ...).
vision::NfnetConfig nfnet_config_from_timm(const Json& json, const std::string& where);

}  // namespace flamingo::checkpoint
