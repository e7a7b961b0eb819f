#include "flamingo/checkpoint/adapters/llama.h"

#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/checkpoint/adapters/rope.h"
#include "flamingo/checkpoint/shape_check.h"
#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {
namespace {

using enum FieldUse;

// Some are known only to be refused with their value: they belong to relatives of LLaMA.
constexpr std::array<Field, 35> kLlamaFields = {{{"vocab_size", kUsed},
                                                 {"hidden_size", kUsed},
                                                 {"num_hidden_layers", kUsed},
                                                 {"num_attention_heads", kUsed},
                                                 {"num_key_value_heads", kUsed},
                                                 {"head_dim", kUsed},
                                                 {"intermediate_size", kUsed},
                                                 {"hidden_act", kUsed},
                                                 {"rms_norm_eps", kUsed},
                                                 {"tie_word_embeddings", kUsed},
                                                 {"max_position_embeddings", kUsed},
                                                 {"rope_theta", kUsed},
                                                 {"rope_scaling", kUsed},
                                                 {"rope_parameters", kUsed},
                                                 {"original_max_position_embeddings", kUsed},
                                                 {"pretraining_tp"},
                                                 {"max_sequence_length"},
                                                 {"rope_interleaved", kNeutral, "[false]"},
                                                 {"is_llama_config", kNeutral, "[true]"},
                                                 {"partial_rotary_factor", kNeutral, "[1]"},
                                                 {"rotary_pct", kNeutral, "[1]"},
                                                 {"sliding_window", kNeutral, "[]"},
                                                 {"use_sliding_window", kNeutral, "[false]"},
                                                 {"layer_types", kNeutral, "[]"},
                                                 {"no_rope_layers", kNeutral, "[[]]"},
                                                 {"attention_multiplier", kNeutral, "[]"},
                                                 {"embedding_multiplier", kNeutral, "[1]"},
                                                 {"residual_multiplier", kNeutral, "[1]"},
                                                 {"logits_scaling", kNeutral, "[1]"},
                                                 {"logit_scale", kNeutral, "[1]"},
                                                 {"query_pre_attn_scalar", kNeutral, "[]"},
                                                 {"attn_logit_softcapping", kNeutral, "[]"},
                                                 {"final_logit_softcapping", kNeutral, "[]"},
                                                 {"num_experts", kNeutral, "[0]"},
                                                 {"num_local_experts", kNeutral, "[0, 1]"}}};

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
    require(found != weights.end(), "LLaMA weights", "expected {}, got none", name);
    const at::Tensor& whole = weights.at(first);
    require(found->second.dim() == whole.dim() && whole.dim() > 0 &&
                found->second.sizes().slice(1) == whole.sizes().slice(1),
            "LLaMA weights", "expected {} as wide as {}, got {}", name, first,
            found->second.sizes());
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

}  // namespace

bool is_model_weight(const std::string& name) {
  return !name.ends_with("rotary_emb.inv_freq") && !name.ends_with("position_ids");
}

StateDict decoder_from_llama(const StateDict& weights) {
  StateDict out;
  for (const auto& [name, weight] : weights) {
    if (!is_model_weight(name)) continue;
    const std::string target = name.starts_with("model.") ? name.substr(6) : name;
    if (!add_fused(weights, name, target, out)) out[target] = weight;
  }
  return out;
}

lm::DecoderConfig decoder_config_from_llama(const Json& json, const std::string& where) {
  require(json.is_object(), where, "expected an object");
  lm::DecoderConfig config;
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
  config.tied_embeddings = field_or(json, "tie_word_embeddings", false, where);
  config.max_positions = size_or(json, "max_position_embeddings", 2048, where);
  RopeSettings rope = rope_from_json(json, config.head_dim, config.max_positions, where);
  config.rotary_base = rope.base;
  config.rotary_scaling = std::move(rope.scaling);
  config.validate();
  return config;
}

std::span<const Field> llama_fields() { return kLlamaFields; }

void tie_weights(const char* source, const char* target, StateDict& weights,
                 const std::string& where) {
  const auto first = weights.find(source), second = weights.find(target);
  if (first == weights.end() && second == weights.end()) return;  // for the loader to report
  if (first == weights.end()) {
    weights.emplace(source, second->second);
  } else if (second == weights.end()) {
    weights.emplace(target, first->second);
  } else {
    require(at::equal(first->second, second->second), where,
            "expected {} equal to {} (tie_word_embeddings), got {} and {} that differ", target,
            source, second->second.sizes(), first->second.sizes(),
            Hint{"set tie_word_embeddings to false if both were trained"});
  }
}

LmCheckpoint read_llama(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / "config.json").string();
  const Json json = read_json_file(path);
  require(json.is_object(), path, "expected an object");
  const auto type = field_or<std::string>(json, "model_type", "llama", path);
  if (type != "llama" && type != "mistral")
    fail(path + ".model_type", "expected llama or mistral, got \"{}\"",
         std::string_view(type).substr(0, 40));
  check_fields(json, {kLlamaFields, transformers_fields()}, path);
  LmCheckpoint checkpoint;
  checkpoint.warnings = untaken_fields(json, {kLlamaFields, transformers_fields()}, path);
  checkpoint.config = decoder_config_from_llama(json, path);
  checkpoint.weights = decoder_from_llama(load_state_dict(folder, is_model_weight));
  if (checkpoint.config.tied_embeddings) {
    tie_weights("embed_tokens.weight", "lm_head.weight", checkpoint.weights, folder);
    checkpoint.weights.erase("lm_head.weight");
  }
  return checkpoint;
}

LoadedDecoder make_decoder(const LmCheckpoint& checkpoint, const lm::WeightOptions& options,
                           const std::string& where) {
  check_shapes(
      *lm::Decoder(checkpoint.config, lm::WeightOptions::of(torch::kFloat32, torch::kMeta)),
      checkpoint.weights, where);
  LoadedDecoder loaded{lm::Decoder(checkpoint.config, options), {}};
  loaded.report = load_into(*loaded.decoder, checkpoint.weights, {}, where);
  return loaded;
}

}  // namespace flamingo::checkpoint
