#include "flamingo/checkpoint/adapters/clip.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {
namespace {

using Renaming = std::pair<const char*, const char*>;

constexpr int64_t kOpenAiHeadDim = 64;

/// Start of a foreign name -> start of ours, within one transformer layer.
constexpr std::array<Renaming, 6> kOpenAiLayer{{{"attn.in_proj_", "attention.in_proj."},
                                                {"attn.out_proj.", "attention.out_proj."},
                                                {"ln_1.", "norm_1."},
                                                {"ln_2.", "norm_2."},
                                                {"mlp.c_fc.", "mlp.up_proj."},
                                                {"mlp.c_proj.", "mlp.down_proj."}}};
constexpr std::array<Renaming, 5> kHfLayer{{{"self_attn.out_proj.", "attention.out_proj."},
                                            {"layer_norm1.", "norm_1."},
                                            {"layer_norm2.", "norm_2."},
                                            {"mlp.fc1.", "mlp.up_proj."},
                                            {"mlp.fc2.", "mlp.down_proj."}}};
constexpr std::array<Renaming, 5> kOpenAiTop{{{"class_embedding", "class_embedding"},
                                              {"positional_embedding", "position_embedding"},
                                              {"conv1.weight", "patch_embedding"},
                                              {"ln_pre.", "norm_pre."},
                                              {"ln_post.", "norm_post."}}};
constexpr std::array<Renaming, 5> kHfTop{
    {{"embeddings.class_embedding", "class_embedding"},
     {"embeddings.position_embedding.weight", "position_embedding"},
     {"embeddings.patch_embedding.weight", "patch_embedding"},
     {"pre_layrnorm.", "norm_pre."},
     {"post_layernorm.", "norm_post."}}};

/// `name` with its start replaced, or nothing when no entry fits.
template <size_t N>
std::optional<std::string> with_start_renamed(const std::string& name,
                                              const std::array<Renaming, N>& table) {
  for (const auto& [from, to] : table) {
    if (name.starts_with(from)) return to + name.substr(std::string_view(from).size());
  }
  return {};
}

/// "<list>12.rest" -> ("layers.12.", "rest"), or nothing.
std::optional<std::pair<std::string, std::string>> split_layer(const std::string& name,
                                                               const std::string& list) {
  if (!name.starts_with(list)) return {};
  const size_t dot = name.find('.', list.size());
  if (dot == std::string::npos) return {};
  return std::pair("layers." + name.substr(list.size(), dot - list.size()) + ".",
                   name.substr(dot + 1));
}

/// Ours for one foreign name, or the foreign name itself, so that the loader reports it.
template <size_t T, size_t L>
std::string our_name(const std::string& name, const std::array<Renaming, T>& top,
                     const std::string& list, const std::array<Renaming, L>& layer) {
  if (const auto split = split_layer(name, list)) {
    const auto inner = with_start_renamed(split->second, layer);
    return inner ? split->first + *inner : name;
  }
  return with_start_renamed(name, top).value_or(name);
}

/// Sibling of "...q_proj.weight" for another projection.
const at::Tensor& sibling(const StateDict& weights, std::string name,
                          const std::string& projection) {
  name.replace(name.find("q_proj"), 6, projection);
  const auto found = weights.find(name);
  require(found != weights.end(), "clip weights", "expected {}, got none", name);
  return found->second;
}

bool is_projection(const std::string& name, const char* projection) {
  return name.find(std::string("self_attn.") + projection) != std::string::npos;
}

std::string hf_attention_name(const std::string& name) {
  const auto split = split_layer(name, "encoder.layers.");
  require(split.has_value(), "clip weights", "expected encoder.layers.<i>.self_attn, got {}", name);
  return split->first + "attention.in_proj." + name.substr(name.rfind('.') + 1);
}

const at::Tensor& weight_of(const StateDict& weights, const std::string& name, int64_t rank) {
  const auto found = weights.find(name);
  require(found != weights.end(), "OpenAI CLIP", "expected {}, got none", name);
  require(found->second.dim() == rank, "OpenAI CLIP", "expected {} of rank {}, got shape {}", name,
          rank, found->second.sizes());
  return found->second;
}

int64_t count_layers(const StateDict& weights) {
  int64_t layers = 0;
  while (
      weights.contains("visual.transformer.resblocks." + std::to_string(layers) + ".ln_1.weight")) {
    ++layers;
  }
  return layers;
}

/// Patch features without projection.
EncoderFiles clip_encoder(vision::ClipVitConfig config, const std::string& weights) {
  config.embed_dim = 0;
  config.output = vision::ClipOutput::kPatches;
  EncoderFiles files{.config = config,
                     .transform = config.transform(),
                     .weights = clip_weights(load_state_dict(weights, is_clip_weight)),
                     .hash = weights_hash(weights)};
  files.weights.erase("proj.weight");
  return files;
}

}  // namespace

StateDict clip_from_openai(const StateDict& weights) {
  StateDict ours;
  for (const auto& [name, weight] : strip_prefix(weights, "visual.")) {
    if (name == "proj") {
      ours.emplace("proj.weight", weight.t());
    } else {
      ours.emplace(our_name(name, kOpenAiTop, "transformer.resblocks.", kOpenAiLayer), weight);
    }
  }
  return ours;
}

StateDict clip_from_hf(const StateDict& weights, const std::string& prefix) {
  StateDict ours;
  const StateDict vision = strip_prefix(weights, prefix);
  for (const auto& [name, weight] : vision) {
    if (name.ends_with("position_ids") || is_projection(name, "k_proj") ||
        is_projection(name, "v_proj")) {
      continue;
    }
    if (is_projection(name, "q_proj")) {
      ours.emplace(hf_attention_name(name), at::cat({weight, sibling(vision, name, "k_proj"),
                                                     sibling(vision, name, "v_proj")}));
    } else {
      ours.emplace(our_name(name, kHfTop, "encoder.layers.", kHfLayer), weight);
    }
  }
  const auto projection = weights.find("visual_projection.weight");
  if (projection != weights.end()) ours.emplace("proj.weight", projection->second);
  return ours;
}

bool is_clip_weight(const std::string& name) {
  return name.starts_with("visual.") || name.starts_with("vision_model.") ||
         name.starts_with("visual_projection.");
}

StateDict clip_weights(const StateDict& weights) {
  if (weights.contains("visual.class_embedding")) return clip_from_openai(weights);
  if (weights.contains("vision_model.embeddings.class_embedding")) return clip_from_hf(weights);
  fail("clip weights",
       "expected visual.class_embedding or vision_model.embeddings.class_embedding, got neither");
}

vision::ClipVitConfig clip_config_from_hf(const Json& json, const std::string& where) {
  const Json& vision = json.contains("vision_config") ? json["vision_config"] : json;
  require(vision.is_object(), where, "expected an object, got {}", vision.type_name());
  vision::ClipVitConfig config;
  config.image_size = size_or(vision, "image_size", 224, where);
  config.patch_size = size_or(vision, "patch_size", 32, where);
  config.width =
      size_or(vision, vision.contains("embed_dim") ? "embed_dim" : "hidden_size", 768, where);
  config.layers = size_or(vision, "num_hidden_layers", 12, where);
  config.heads = size_or(vision, "num_attention_heads", 12, where);
  config.mlp_width = size_or(vision, "intermediate_size", 3072, where);
  config.embed_dim = size_or(vision, "projection_dim", 0, where, 0);
  config.activation = field_or(vision, "hidden_act", Activation::kQuickGelu, where);
  config.norm_eps = number_or(vision, "layer_norm_eps", 1e-5, 1, where);
  config.validate();
  return config;
}

vision::ClipVitConfig clip_config_from_open_clip(const Json& json, const std::string& where) {
  require(json.is_object(), where, "expected an object, got {}", json.type_name());
  const Json& model = json.contains("model_cfg") ? json["model_cfg"] : json;
  require(model.is_object() && model.contains("vision_cfg") && model["vision_cfg"].is_object(),
          where, "expected vision_cfg, got none");
  const Json& vision = model["vision_cfg"];
  vision::ClipVitConfig config;
  config.image_size = size_or(vision, "image_size", 224, where);
  config.patch_size = size_or(vision, "patch_size", 16, where);
  config.width = size_or(vision, "width", 768, where);
  config.layers = size_or(vision, "layers", 12, where);
  config.heads = config.width / size_or(vision, "head_width", 64, where);
  config.mlp_width = std::llround(static_cast<double>(config.width) *
                                  number_or(vision, "mlp_ratio", 4.0, 1024, where));
  config.embed_dim = size_or(model, "embed_dim", 512, where, 0);
  config.activation =
      field_or(model, "quick_gelu", false, where) ? Activation::kQuickGelu : Activation::kGelu;
  config.validate();
  return config;
}

vision::ClipVitConfig clip_config_from_openai(const StateDict& weights) {
  const auto& patches = weight_of(weights, "visual.conv1.weight", 4);  // [W, 3, p, p]
  const auto positions = weight_of(weights, "visual.positional_embedding", 2).size(0);
  const auto side = std::llround(std::sqrt(static_cast<double>(positions - 1)));
  vision::ClipVitConfig config;
  config.width = patches.size(0);
  config.patch_size = patches.size(2);
  config.image_size = side * config.patch_size;
  config.layers = count_layers(weights);
  config.heads = config.width / kOpenAiHeadDim;
  config.mlp_width =
      weight_of(weights, "visual.transformer.resblocks.0.mlp.c_fc.weight", 2).size(0);
  config.embed_dim = weight_of(weights, "visual.proj", 2).size(1);
  config.validate();
  return config;
}

std::optional<EncoderFiles> read_clip_encoder(const std::string& folder) {
  const std::string open_clip = folder + "/open_clip_config.json", hf = folder + "/config.json";
  if (std::filesystem::exists(open_clip)) {
    return clip_encoder(clip_config_from_open_clip(read_json_file(open_clip), open_clip),
                        folder + "/open_clip_model.safetensors");
  }
  if (!std::filesystem::exists(hf)) return {};
  const Json json = read_json_file(hf);
  if (!json.is_object() || !field_or<std::string>(json, "model_type", "", hf).starts_with("clip"))
    return {};
  return clip_encoder(clip_config_from_hf(json, hf), folder + "/model.safetensors");
}

}  // namespace flamingo::checkpoint
