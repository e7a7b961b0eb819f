#include "flamingo/checkpoint/adapters/idefics.h"

#include <array>
#include <filesystem>
#include <utility>

#include "flamingo/checkpoint/adapters/clip.h"
#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/checkpoint/adapters/llama.h"
#include "flamingo/checkpoint/shape_check.h"

namespace flamingo::checkpoint {
namespace {

using Renaming = std::pair<const char*, const char*>;

constexpr std::string_view kVision = "model.vision_model.";
constexpr std::string_view kResampler = "model.perceiver_resampler.";
constexpr std::string_view kXattn = "model.gated_cross_attn_layers.";

using enum FieldUse;

// Beside those of LLaMA and of all configs.
constexpr std::array<Field, 19> kIdeficsFields = {
    {{"additional_vocab_size", kUsed},
     {"vision_config", kUsed},
     {"perceiver_config", kUsed},
     {"use_resampler", kUsed},
     {"cross_layer_interval", kUsed},
     {"qk_layer_norms", kUsed},
     {"alpha_type", kUsed},
     {"alpha_initializer"},
     {"alphas_initializer_range"},
     {"freeze_lm_head"},
     {"freeze_text_layers"},
     {"freeze_text_module_exceptions"},
     {"freeze_vision_layers"},
     {"freeze_vision_module_exceptions"},
     {"ffn_dim"},              // of the first release, read by nobody
     {"word_embed_proj_dim"},  // the same
     {"cross_layer_activation_function", kNeutral, R"(["swiglu"])"},
     {"vision_embed_dim"},
     {"vision_image_size"}}};
constexpr std::array<Field, 6> kPerceiverFields = {{{"use_resampler"},  // the outer field decides
                                                    {"resampler_n_latents", kUsed},
                                                    {"resampler_depth", kUsed},
                                                    {"resampler_n_heads", kUsed},
                                                    {"resampler_head_dim", kUsed},
                                                    {"qk_layer_norms_perceiver", kUsed}}};
constexpr std::array<Field, 15> kVisionFields = {{{"embed_dim", kUsed},
                                                  {"hidden_size", kUsed},
                                                  {"image_size", kUsed},
                                                  {"patch_size", kUsed},
                                                  {"num_hidden_layers", kUsed},
                                                  {"num_attention_heads", kUsed},
                                                  {"intermediate_size", kUsed},
                                                  {"hidden_act", kUsed},
                                                  {"layer_norm_eps", kUsed},
                                                  {"projection_dim"},
                                                  {"vision_model_name"},
                                                  {"num_channels", kNeutral, "[3]"},
                                                  {"image_num_channels", kNeutral, "[3]"},
                                                  {"tie_word_embeddings"},
                                                  {"vocab_size"}}};
constexpr std::array<Field, 22> kPictureFields = {
    {{"image_size", kUsed},
     {"image_mean", kUsed},
     {"image_std", kUsed},
     {"image_num_channels", kNeutral, "[3]"},
     {"image_processor_type"},
     {"feature_extractor_type"},
     {"processor_class"},
     {"do_resize", kNeutral, "[true]"},
     {"do_rescale", kNeutral, "[true]"},
     {"do_normalize", kNeutral, "[true]"},
     {"do_convert_rgb", kNeutral, "[true]"},
     {"rescale_factor", kNeutral, "[0.00392156862745098]"},
     {"resample", kNeutral, "[3]"},  // bicubic
     {"data_format", kNeutral, R"(["channels_first"])"},
     {"size", kUsed},
     {"do_center_crop", kNeutral, "[false]"},
     {"do_pad", kNeutral, "[false]"},
     {"default_to_square"},
     {"device"},
     {"disable_grouping"},
     {"input_data_format"},
     {"return_tensors"}}};

/// Pieces of names in the resampler, replaced wherever they stand.
constexpr std::array<Renaming, 11> kResamplerNames{
    {{"blocks.", "layers."},
     {".0.context_layer_norm.", ".attention.norm_media."},
     {".0.latents_layer_norm.", ".attention.norm_latents."},
     {".0.q_proj.", ".attention.to_q."},
     {".0.kv_proj.", ".attention.to_kv."},
     {".0.output_proj.", ".attention.to_out."},
     {".0.q_layer_norm.", ".attention.q_norm."},
     {".0.k_layer_norm.", ".attention.k_norm."},
     {".1.ln.", ".norm_ffw."},
     {".1.fc.", ".ffw.up_proj."},
     {".1.c_proj.", ".ffw.down_proj."}}};
constexpr std::array<Renaming, 10> kXattnNames{{{".cross_attn.q_proj.", ".to_q."},
                                                {".cross_attn.kv_proj.", ".to_kv."},
                                                {".cross_attn.o_proj.", ".to_out."},
                                                {".cross_attn.q_layer_norm.", ".q_norm."},
                                                {".cross_attn.k_layer_norm.", ".k_norm."},
                                                {".input_layernorm.", ".norm."},
                                                {".post_attention_layernorm.", ".norm_ffw."},
                                                {".mlp.gate_up_proj.", ".ffw.up_proj."},
                                                {".mlp.down_proj.", ".ffw.down_proj."},
                                                {".alpha_cross_attn", ".alpha_xattn"}}};

template <size_t N>
std::string renamed(std::string name, const std::array<Renaming, N>& table) {
  for (const auto& [from, to] : table) {
    const size_t at = name.find(from);
    if (at != std::string::npos) name.replace(at, std::string_view(from).size(), to);
  }
  return name;
}

/// Two matrices, told by a piece of their names, that become one.
struct Pair {
  const char* first;
  const char* second;
  const char* whole;
};

/// `weights` with first and second of each pair stacked under the name of the whole.
StateDict stack_pair(const StateDict& weights, const Pair& pair) {
  StateDict out;
  for (const auto& [name, weight] : weights) {
    if (name.find(pair.second) != std::string::npos) continue;
    const size_t at = name.find(pair.first);
    if (at == std::string::npos) {
      out[name] = weight;
      continue;
    }
    const auto with = [&, &name = name](const char* piece) {
      return std::string(name).replace(at, std::string_view(pair.first).size(), piece);
    };
    const auto second = weights.find(with(pair.second));
    if (second == weights.end())
      fail("IDEFICS weights", "expected {}, got none", with(pair.second));
    out[with(pair.whole)] = at::cat({weight, second->second}, 0);
  }
  return out;
}

void add_all(const StateDict& from, const std::string& prefix, StateDict& to) {
  for (const auto& [name, weight] : from) to[prefix + name] = weight;
}

/// The weights whose names start with none of the three parts' prefixes: the language model's.
StateDict language_weights(const StateDict& weights) {
  StateDict out;
  for (const auto& [name, weight] : weights) {
    if (!name.starts_with(kVision) && !name.starts_with(kResampler) && !name.starts_with(kXattn)) {
      out[name] = weight;
    }
  }
  return out;
}

resampler::ResamplerConfig resampler_config(const Json& json, int64_t dim,
                                            const std::string& where) {
  resampler::ResamplerConfig config = resampler::idefics_resampler(dim);
  config.depth = size_at(json, "resampler_depth", where);
  config.heads = size_at(json, "resampler_n_heads", where);
  config.head_dim = size_at(json, "resampler_head_dim", where);
  config.num_latents = size_at(json, "resampler_n_latents", where);
  config.qk_norm = field_or(json, "qk_layer_norms_perceiver", false, where);
  return config;
}

lm::GatedXattnConfig xattn_config(const Json& json, const lm::DecoderConfig& lm,
                                  const std::string& where) {
  lm::GatedXattnConfig config;
  config.every = size_at(json, "cross_layer_interval", where);
  require(lm.num_layers % config.every == 0, where,
          "expected num_hidden_layers to be a multiple of cross_layer_interval");
  config.num_heads = lm.num_heads;
  config.head_dim = lm.head_dim;
  config.ffw_dim = lm.ffw_dim;
  config.activation = lm.activation;
  config.gated_ffw = true;
  config.norm = lm.norm;
  config.norm_media = false;
  config.qk_norm = field_or(json, "qk_layer_norms", false, where);
  config.vector_gates = field_or<std::string>(json, "alpha_type", "float", where) == "vector";
  return config;
}

/// Names of the additional ids; those that no tokenizer names get a number.
std::vector<std::string> additional_names(int64_t count) {
  std::vector<std::string> names{"<fake_token_around_image>", "<image>", "<end_of_utterance>"};
  while (static_cast<int64_t>(names.size()) < count) {
    names.push_back("<additional_" + std::to_string(names.size()) + ">");
  }
  names.resize(count);
  return names;
}

/// Calls visit(json, tables, where) for config.json and for the objects in it.
template <class Visit>
void for_each_part(const Json& json, const std::string& where, const Visit& visit) {
  visit(json, FieldTables{kIdeficsFields, llama_fields(), transformers_fields()}, where);
  const auto visit_part = [&](const char* name, std::span<const Field> fields) {
    const auto part = json.find(name);
    if (part == json.end() || part->is_null()) return;
    visit(*part, FieldTables{fields, transformers_fields()}, where + "." + name);
  };
  visit_part("vision_config", kVisionFields);
  visit_part("perceiver_config", kPerceiverFields);
}

/// Settings of pictures and where they stand; no `where`: there are none.
struct PictureSettings {
  std::string where;
  Json json;
};

/// As transformers 5 looks for them: among all of the processor's first.
PictureSettings picture_settings(const std::string& folder) {
  const std::filesystem::path base(folder);
  std::error_code error;
  const std::string all = (base / "processor_config.json").string();
  if (std::filesystem::exists(all, error)) {
    const Json json = read_json_file(all);
    require(json.is_object(), all, "expected an object");
    if (!json.value("image_processor", Json()).is_null())
      return {all + ".image_processor", json["image_processor"]};
  }
  const std::string own = (base / "preprocessor_config.json").string();
  if (!std::filesystem::exists(own, error)) return {};
  return {own, read_json_file(own)};
}

/// The side of the square that pictures become: image_size, else size, else `otherwise`.
int64_t picture_size(const Json& json, int64_t otherwise, const std::string& where) {
  const Json size = json.value("size", Json());
  if (!json.value("image_size", Json()).is_null()) return size_at(json, "image_size", where);
  if (!size.is_object()) return size_or(json, "size", otherwise, where);
  const int64_t height = size_at(size, "height", where + ".size");
  const int64_t width = size_at(size, "width", where + ".size");
  if (height != width) fail(where + ".size", "expected a square, got {} x {}", height, width);
  return height;
}

void read_transform(const PictureSettings& settings, media::TransformConfig& transform) {
  const auto& [where, json] = settings;
  check_fields(json, {kPictureFields}, where);
  transform.size = picture_size(json, transform.size, where);
  transform.mean = field_or(json, "image_mean", transform.mean, where);
  transform.std = field_or(json, "image_std", transform.std, where);
  require(transform.mean.size() == 3 && transform.std.size() == 3, where,
          "expected 3 values in image_mean and image_std");
  for (const double mean : transform.mean) require_within(where, "image_mean", mean, -1e3, 1e3);
  for (const double spread : transform.std) require_within(where, "image_std", spread, 1e-6, 1e3);
}

}  // namespace

std::span<const Field> idefics_fields() { return kIdeficsFields; }
std::span<const Field> idefics_vision_fields() { return kVisionFields; }
std::span<const Field> idefics_perceiver_fields() { return kPerceiverFields; }
std::span<const Field> idefics_picture_fields() { return kPictureFields; }

model::FlamingoConfig flamingo_config_from_idefics(const Json& json, const std::string& where) {
  require(json.is_object() && field_or<std::string>(json, "model_type", "", where) == "idefics",
          where, "expected model_type idefics");
  for_each_part(json, where, check_fields);
  model::FlamingoConfig config;
  config.lm = decoder_config_from_llama(json, where);
  config.lm.additional_vocab = size_or(json, "additional_vocab_size", 0, where, 0);
  config.lm.validate();  // before a name is made for each of them
  vision::ClipVitConfig clip = clip_config_from_hf(json, where);
  clip.output = vision::ClipOutput::kAll;
  clip.embed_dim = 0;
  config.vision = clip;
  if (field_or(json, "use_resampler", false, where)) {
    config.resampler = resampler_config(json.value("perceiver_config", Json()), clip.width, where);
  }
  config.xattn = xattn_config(json, config.lm, where);
  config.tokens.additional = additional_names(config.lm.additional_vocab);
  config.tokens.end_of_chunk = "</s>";
  config.tokens.style = model::PromptStyle::kIdefics;
  config.transform.mode = media::TransformMode::kIdefics;
  config.transform.size = clip.image_size;
  config.validate();
  return config;
}

StateDict flamingo_from_idefics(const StateDict& weights, const model::FlamingoConfig& config) {
  StateDict out;
  auto language = decoder_from_llama(language_weights(weights));
  if (config.lm.tied_embeddings) {
    tie_weights("embed_tokens.weight", "lm_head.weight", language, "IDEFICS weights");
    tie_weights("embed_tokens.additional_embedding.weight", "lm_head.additional_fc.weight",
                language, "IDEFICS weights");
    language.erase("lm_head.weight");
  }
  add_all(language, "lm.", out);
  add_all(clip_from_hf(weights, std::string(kVision)), "vision_encoder.", out);
  const auto resampler = stack_pair(strip_prefix(weights, std::string(kResampler)),
                                    {".0.k_proj.", ".0.v_proj.", ".0.kv_proj."});
  for (const auto& [name, weight] : resampler) {
    const bool last_norm = name.starts_with("layer_norm.");
    out["resampler." + (last_norm ? name.substr(6) : renamed(name, kResamplerNames))] = weight;
  }
  auto xattn = stack_pair(strip_prefix(weights, std::string(kXattn)),
                          {".cross_attn.k_proj.", ".cross_attn.v_proj.", ".cross_attn.kv_proj."});
  xattn = stack_pair(xattn, {".mlp.gate_proj.", ".mlp.up_proj.", ".mlp.gate_up_proj."});
  for (const auto& [name, weight] : xattn) {
    if (name.ends_with("rotary_emb.inv_freq")) continue;
    const bool gate = name.find(".alpha_") != std::string::npos;
    out["xattn." + renamed(name, kXattnNames)] = gate ? weight.flatten() : weight;
  }
  return out;
}

model::FlamingoConfig read_idefics_config(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / "config.json").string();
  auto config = flamingo_config_from_idefics(read_json_file(path), path);
  const PictureSettings pictures = picture_settings(folder);
  if (!pictures.where.empty()) read_transform(pictures, config.transform);
  config.validate();
  return config;
}

std::vector<std::string> idefics_warnings(const std::string& folder) {
  std::vector<std::string> warnings;
  const auto add = [&](const Json& json, FieldTables tables, const std::string& where) {
    for (auto& warning : untaken_fields(json, tables, where)) warnings.push_back(warning);
  };
  const std::string path = (std::filesystem::path(folder) / "config.json").string();
  for_each_part(read_json_file(path), path, add);
  const PictureSettings pictures = picture_settings(folder);
  add(pictures.json, {kPictureFields}, pictures.where);
  return warnings;
}

LoadedFlamingo load_idefics(const std::string& folder, const lm::WeightOptions& options) {
  const model::FlamingoConfig config = read_idefics_config(folder);
  const auto weights = flamingo_from_idefics(load_state_dict(folder, is_model_weight), config);
  check_shapes(*model::Flamingo(config, lm::WeightOptions::of(torch::kFloat32, torch::kMeta)),
               weights, folder);
  LoadedFlamingo loaded{model::Flamingo(config, options), {}, idefics_warnings(folder)};
  loaded.report = load_into(*loaded.model, weights, {}, folder);
  return loaded;
}

}  // namespace flamingo::checkpoint
