#pragma once

#include <optional>
#include <string>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/vision/clip_vit.h"

namespace flamingo::checkpoint {

/// Weights of ClipVit from OpenAI's and open_clip's names
/// ("visual.transformer.resblocks.0.attn.in_proj_weight"; the text tower and OpenAI's three extra
/// scalars are left out). Throws Error when a part of a pair is missing.
StateDict clip_from_openai(const StateDict& weights);

/// Weights of ClipVit from Hugging Face's names after `prefix` ("vision_model." in CLIP's own
/// files, "model.vision_model." in IDEFICS's) and "visual_projection.weight" where it exists.
/// Throws Error when a query, key or value matrix has no siblings.
StateDict clip_from_hf(const StateDict& weights, const std::string& prefix = "vision_model.");

/// Whether clip_weights looks at the weight of this name.
bool is_clip_weight(const std::string& name);

/// Either of the above, told apart by the names. Throws Error when neither fits.
StateDict clip_weights(const StateDict& weights);

/// Config from Hugging Face's vision config (config.json of CLIPVisionModel, or vision_config of a
/// whole CLIP or IDEFICS). `where` names the file in errors.
vision::ClipVitConfig clip_config_from_hf(const Json& json, const std::string& where);

/// Config from open_clip_config.json. `where` names the file in errors.
vision::ClipVitConfig clip_config_from_open_clip(const Json& json, const std::string& where);

/// Config of an OpenAI model from the shapes of its weights (before renaming): heads are width /
/// 64, quick_gelu. Throws Error when a weight is missing or misshapen.
vision::ClipVitConfig clip_config_from_openai(const StateDict& weights);

/// The encoder of a folder with config.json of a CLIP and model.safetensors, or open_clip's
/// open_clip_config.json and open_clip_model.safetensors, as Flamingo's gated layers want it:
/// features of patches without projection. Nothing where the folder is none of them. Throws Error
/// naming the file that is missing or damaged.
std::optional<EncoderFiles> read_clip_encoder(const std::string& folder);

}  // namespace flamingo::checkpoint
