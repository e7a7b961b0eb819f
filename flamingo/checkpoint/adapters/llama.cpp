#include "flamingo/checkpoint/adapters/llama.h"

#include <array>
#include <filesystem>
#include <vector>

#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/checkpoint/shape_check.h"
#include "flamingo/core/shape.h"

namespace flamingo {
namespace {

/// Matrices that become one, rows in this order.
struct Fusion {
  std::vector<std::string> parts;
  const char* whole;
};

const std::array<Fusion, 2>& fusions() {
  static const std::array<Fusion, 2> kFusions{
      Fusion{{"self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj."},
             "self_attn.qkv_proj."},
      Fusion{{"mlp.gate_proj.", "mlp.up_proj."}, "mlp.up_proj."}};
  return kFusions;
}

/// Rows of every part of `fusion`, found by the name of its first part, under one another.
at::Tensor fuse(const StateDict& weights, const std::string& first, size_t at,
                const Fusion& fusion) {
  std::vector<at::Tensor> parts;
  for (const std::string& part : fusion.parts) {
    const std::string name =
        first.substr(0, at) + part + first.substr(at + fusion.parts.front().size());
    const auto found = weights.find(name);
    require(found != weights.end(), "LLaMA weights", "expected " + name + ", got none");
    const at::Tensor& whole = weights.at(first);
    require(
        found->second.dim() == whole.dim() && whole.dim() > 0 &&
            found->second.sizes().slice(1) == whole.sizes().slice(1),
        "LLaMA weights",
        "expected " + name + " as wide as " + first + ", got " + shape_text(found->second.sizes()));
    parts.push_back(found->second);
  }
  return at::cat(parts, 0);
}

/// Adds a weight that is, or starts, a fused one; parts other than the first add nothing.
bool add_fused(const StateDict& weights, const std::string& name, const std::string& target,
               StateDict& out) {
  for (const Fusion& fusion : fusions()) {
    for (const std::string& part : fusion.parts) {
      const size_t at = name.find(part);
      if (at == std::string::npos || !target.starts_with("layers.")) continue;
      if (&part == &fusion.parts.front()) {
        const size_t shift = name.size() - target.size();
        out[target.substr(0, at - shift) + fusion.whole + name.substr(at + part.size())] =
            fuse(weights, name, at, fusion);
      }
      return true;
    }
  }
  return false;
}

bool is_buffer(const std::string& name) {
  return name.ends_with("rotary_emb.inv_freq") || name.ends_with("position_ids");
}

void require_absent(const Json& json, const char* field, const std::string& where) {
  const auto it = json.find(field);
  require(it == json.end() || it->is_null() || *it == false, where,
          std::string("expected no ") + field + ", which this decoder lacks");
}

}  // namespace

StateDict decoder_from_llama(const StateDict& weights) {
  StateDict out;
  for (const auto& [name, weight] : weights) {
    if (is_buffer(name)) continue;
    const std::string target = name.starts_with("model.") ? name.substr(6) : name;
    if (!add_fused(weights, name, target, out)) out[target] = weight;
  }
  return out;
}

DecoderConfig decoder_config_from_llama(const Json& json, const std::string& where) {
  require(json.is_object(), where, "expected an object");
  for (const char* field : {"rope_scaling", "use_sliding_window", "attention_bias", "mlp_bias"}) {
    require_absent(json, field, where);
  }
  DecoderConfig config;
  config.vocab = size_at(json, "vocab_size", where);
  config.dim = size_at(json, "hidden_size", where);
  config.num_layers = size_at(json, "num_hidden_layers", where);
  config.num_heads = size_at(json, "num_attention_heads", where);
  config.num_kv_heads = size_or(json, "num_key_value_heads", config.num_heads, where);
  config.head_dim = size_or(json, "head_dim", config.dim / config.num_heads, where, 0);
  config.ffw_dim = size_at(json, "intermediate_size", where);
  config.activation =
      enum_from_name<Activation>(field_or<std::string>(json, "hidden_act", "silu", where), where);
  config.norm.eps = number_or(json, "rms_norm_eps", 1e-6, 1, where);
  config.rotary_base = number_or(json, "rope_theta", 10000.0, 1e12, where);
  config.tied_embeddings = field_or(json, "tie_word_embeddings", false, where);
  config.max_positions = size_or(json, "max_position_embeddings", 2048, where);
  config.validate();
  return config;
}

LmCheckpoint read_llama(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / "config.json").string();
  LmCheckpoint checkpoint;
  checkpoint.config = decoder_config_from_llama(read_json_file(path), path);
  checkpoint.weights = decoder_from_llama(load_state_dict(folder));
  if (checkpoint.config.tied_embeddings) checkpoint.weights.erase("lm_head.weight");
  return checkpoint;
}

LoadedDecoder make_decoder(const LmCheckpoint& checkpoint, const WeightOptions& options,
                           const std::string& where) {
  check_shapes(*Decoder(checkpoint.config, WeightOptions::of(torch::kFloat32, torch::kMeta)),
               checkpoint.weights, where);
  LoadedDecoder loaded{Decoder(checkpoint.config, options), {}};
  loaded.report = load_into(*loaded.decoder, checkpoint.weights, {}, where);
  return loaded;
}

}  // namespace flamingo
