#include "flamingo/checkpoint/adapters/gguf_llama.h"

#include <ATen/Parallel.h>

#include <array>
#include <cmath>
#include <utility>

#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/adapters/rope.h"
#include "flamingo/core/checked.h"
#include "flamingo/core/shape.h"
#include "flamingo/nn/packed_weight.h"

namespace flamingo::checkpoint {
namespace {

using enum FieldUse;

// Keys after "llama.". llama.cpp reads those of other models only for these; a file that has one
// expects it to count.
constexpr std::array<Field, 52> kGgufFields = {
    {{"context_length", kUsed},
     {"embedding_length", kUsed},
     {"block_count", kUsed},
     {"feed_forward_length", kUsed},
     {"attention.head_count", kUsed},
     {"attention.head_count_kv", kUsed},
     {"attention.key_length", kUsed},
     {"attention.value_length", kUsed},
     {"attention.layer_norm_rms_epsilon", kUsed},
     {"attention.scale", kUsed},
     {"attention.sliding_window", kUsed},
     {"rope.dimension_count", kUsed},
     {"rope.freq_base", kUsed},
     {"rope.scale_linear", kUsed},
     {"rope.scaling.type", kUsed},
     {"rope.scaling.factor", kUsed},
     {"rope.scaling.attn_factor", kUsed},
     {"rope.scaling.original_context_length", kUsed},
     {"rope.scaling.finetuned"},
     {"vocab_size"},
     {"tensor_data_layout"},
     {"pooling_type"},
     {"attention.layer_norm_epsilon"},
     {"rope.scaling.alpha", kNeutral, "[0]"},
     {"rope.scaling.yarn_log_multiplier", kNeutral, "[0]"},
     {"rope.scaling.yarn_ext_factor", kNeutral, "[-1]"},
     {"rope.scaling.yarn_attn_factor", kNeutral, "[1]"},
     {"rope.scaling.yarn_beta_fast", kNeutral, "[32]"},
     {"rope.scaling.yarn_beta_slow", kNeutral, "[1]"},
     {"attention.causal", kNeutral, "[true]"},
     {"attention.max_alibi_bias", kNeutral, "[0]"},
     {"attention.clamp_kqv", kNeutral, "[0]"},
     {"attention.output_scale", kNeutral, "[0, 1]"},
     {"attention.value_scale", kNeutral, "[0, 1]"},
     {"attention.temperature_length", kNeutral, "[0]"},
     {"attention.temperature_scale", kNeutral, "[0]"},
     {"use_parallel_residual", kNeutral, "[false]"},
     {"hidden_activation", kNeutral, R"(["silu"])"},
     {"logit_scale", kNeutral, "[0, 1]"},
     {"embedding_scale", kNeutral, "[0, 1]"},
     {"residual_scale", kNeutral, "[0, 1]"},
     {"attn_logit_softcapping", kNeutral, "[0]"},
     {"final_logit_softcapping", kNeutral, "[0]"},
     {"expert_count", kNeutral, "[0]"},
     {"expert_used_count", kNeutral, "[0]"},
     {"expert_shared_count", kNeutral, "[0]"},
     {"expert_group_count", kNeutral, "[0]"},
     {"expert_feed_forward_length", kNeutral, "[0]"},
     {"expert_weights_scale", kNeutral, "[0, 1]"},
     {"leading_dense_block_count", kNeutral, "[0]"},
     {"nextn_predict_layers", kNeutral, "[0]"},
     {"interleave_moe_layer_step", kNeutral, "[0]"}}};

using Renaming = std::pair<const char*, const char*>;

constexpr std::array<Renaming, 3> kTop{{{"token_embd.weight", "model.embed_tokens.weight"},
                                        {"output_norm.weight", "model.norm.weight"},
                                        {"output.weight", "lm_head.weight"}}};
constexpr std::array<Renaming, 9> kBlock{{{"attn_norm.weight", "input_layernorm.weight"},
                                          {"attn_q.weight", "self_attn.q_proj.weight"},
                                          {"attn_k.weight", "self_attn.k_proj.weight"},
                                          {"attn_v.weight", "self_attn.v_proj.weight"},
                                          {"attn_output.weight", "self_attn.o_proj.weight"},
                                          {"ffn_norm.weight", "post_attention_layernorm.weight"},
                                          {"ffn_gate.weight", "mlp.gate_proj.weight"},
                                          {"ffn_up.weight", "mlp.up_proj.weight"},
                                          {"ffn_down.weight", "mlp.down_proj.weight"}}};

constexpr const char* kRopeFactors = "rope_freqs.weight";

/// LLaMA's name of a tensor, or the GGUF's own when it is unknown.
std::string llama_name(const std::string& name) {
  for (const auto& [gguf, llama] : kTop) {
    if (name == gguf) return llama;
  }
  if (!name.starts_with("blk.")) return name;
  const size_t dot = name.find('.', 4);
  for (const auto& [gguf, llama] : kBlock) {
    if (dot != std::string::npos && name.substr(dot + 1) == gguf) {
      return "model.layers." + name.substr(4, dot - 4) + "." + llama;
    }
  }
  return name;
}

constexpr int64_t kMostHead = 1 << 16;

/// Throws Error on what would make attention another one.
void check_attention(const io::Gguf& file, const lm::DecoderConfig& config) {
  const int64_t values = file.get_int("llama.attention.value_length").value_or(config.head_dim);
  require(values == config.head_dim, "GGUF: llama.attention.value_length",
          "expected values as wide as keys, {}, got {}", config.head_dim, values);
  const double usual = 1 / std::sqrt(static_cast<double>(config.head_dim));
  const double scale = file.get_float("llama.attention.scale").value_or(0.0);
  require(scale == 0 || std::abs(scale - usual) <= usual * 0x1p-20, "GGUF: llama.attention.scale",
          "expected {} for this width of heads, got {}", usual, scale);
  const int64_t window = file.get_int("llama.attention.sliding_window").value_or(0);
  require(window == 0 || window >= config.max_positions, "GGUF: llama.attention.sliding_window",
          "expected none within the context of {} tokens, got {}", config.max_positions, window);
}

/// Decodes whole rows of blocks on all threads.
at::Tensor decode_float(const io::GgufTensor& tensor) {
  tensor.readable("GGUF");
  const kernels::BlockLayout layout = kernels::block_layout(tensor.type);
  auto values = at::empty(tensor.shape, at::kFloat);
  float* out = values.data_ptr<float>();
  const int64_t blocks = values.numel() / layout.values;
  at::parallel_for(0, blocks, 4096, [&](int64_t begin, int64_t end) {
    const size_t count = static_cast<size_t>(end - begin);
    kernels::decode_blocks(tensor.type,
                           tensor.data.subspan(begin * layout.bytes, count * layout.bytes),
                           {out + begin * layout.values, count * layout.values});
  });
  return values;
}

/// A matrix of the file; heads > 0: rows of queries or keys, turned into rotate-half order.
struct MatrixName {
  std::string name;
  int64_t heads = 0;
};

kernels::PackedMatrix packed_matrix(const io::Gguf& file, const MatrixName& matrix) {
  const io::GgufTensor* tensor = file.find(matrix.name);
  require(tensor != nullptr && tensor->shape.size() == 2, "GGUF", "expected a matrix {}",
          matrix.name);
  tensor->readable("GGUF");
  const int64_t rows = tensor->shape[0], bytes = std::ssize(tensor->data);
  auto* data = const_cast<std::byte*>(tensor->data.data());  // only read
  auto blocks = at::from_blob(data, {rows, bytes / rows}, at::kByte);
  if (matrix.heads > 0) blocks = unpermute_rotary(blocks, matrix.heads);
  const auto* turned = static_cast<const std::byte*>(blocks.const_data_ptr());
  return kernels::PackedMatrix::pack(tensor->type, {turned, static_cast<size_t>(bytes)}, rows,
                                     tensor->shape[1]);
}

/// Packs `layer`, whose weight is a stack of the file's matrices, if that saves memory over `type`.
void pack_stack(const io::Gguf& file, kernels::BlockType type, const std::vector<MatrixName>& names,
                nn::Linear layer) {
  std::vector<kernels::PackedMatrix> parts;
  for (const MatrixName& name : names) parts.push_back(packed_matrix(file, name));
  auto blocks = c10::make_intrusive<nn::PackedWeight>(std::move(parts));
  const kernels::BlockLayout layout = kernels::block_layout(type);
  if (blocks->bytes() * layout.values > blocks->rows() * blocks->cols() * layout.bytes) return;
  layer->pack(std::move(blocks));
}

}  // namespace

at::Tensor decode_tensor(const io::GgufTensor& tensor, torch::ScalarType type) {
  return decode_float(tensor).to(type);
}

at::Tensor unpermute_rotary(const at::Tensor& weight, int64_t num_heads) {
  require(weight.dim() == 2 && num_heads > 0 && weight.size(0) % (2 * num_heads) == 0,
          "rotary rows", "expected an even number of rows per head, got {} for {} heads",
          weight.sizes(), num_heads);
  return weight.view({num_heads, -1, 2, weight.size(1)}).transpose(1, 2).reshape(weight.sizes());
}

std::span<const Field> gguf_llama_fields() { return kGgufFields; }

lm::DecoderConfig decoder_config_from_gguf(const io::Gguf& file) {
  const std::string architecture = file.string_at("general.architecture");
  require(architecture == "llama", "GGUF", "expected architecture llama, got {}", architecture);
  check_metadata(file, architecture, kGgufFields);
  require(file.get_int("split.count").value_or(1) <= 1, "GGUF",
          "expected a whole model, got one part of a split one",
          Hint{"join the parts with llama-gguf-split --merge"});
  const io::GgufTensor* embedding = file.find("token_embd.weight");
  require(embedding && embedding->shape.size() == 2, "GGUF", "expected a matrix token_embd.weight");
  lm::DecoderConfig config;
  config.vocab = embedding->shape[0];
  config.dim = file.int_at("llama.embedding_length");
  config.num_layers = file.int_at("llama.block_count");
  config.num_heads = file.int_at("llama.attention.head_count");
  require(config.num_heads > 0, "GGUF", "expected llama.attention.head_count > 0");
  config.num_kv_heads = file.get_int("llama.attention.head_count_kv").value_or(config.num_heads);
  config.head_dim =
      file.get_int("llama.attention.key_length").value_or(config.dim / config.num_heads);
  config.ffw_dim = file.int_at("llama.feed_forward_length");
  config.norm.eps = file.float_at("llama.attention.layer_norm_rms_epsilon");
  config.max_positions = file.int_at("llama.context_length");
  config.tied_embeddings = !file.find("output.weight");
  const int64_t rotary = file.get_int("llama.rope.dimension_count").value_or(config.head_dim);
  require(rotary == config.head_dim, "GGUF",
          "expected rotary positions over whole heads of {}, got {}", config.head_dim, rotary);
  check_attention(file, config);
  require_within("GGUF", "llama.attention.key_length", config.head_dim, 1, kMostHead);
  RopeSettings rope = rope_from_gguf(file, config.head_dim);
  config.rotary_base = rope.base;
  config.rotary_scaling = std::move(rope.scaling);
  config.validate();
  return config;
}

LmCheckpoint read_gguf_llama(const io::Gguf& file, torch::ScalarType type,
                             const std::string& where) {
  LmCheckpoint checkpoint;
  checkpoint.config = decoder_config_from_gguf(file);
  for (const std::string& warning : untaken_metadata(file, "llama", kGgufFields))
    checkpoint.warnings.push_back(where + ": " + warning);
  StateDict llama;
  for (const io::GgufTensor& tensor : file.tensors()) {
    if (tensor.name == kRopeFactors) continue;  // in the config
    auto values = decode_tensor(tensor, tensor.shape.size() < 2 ? torch::kFloat32 : type);
    const std::string name = llama_name(tensor.name);
    if (name.ends_with("q_proj.weight")) {
      values = unpermute_rotary(values, checkpoint.config.num_heads);
    } else if (name.ends_with("k_proj.weight")) {
      values = unpermute_rotary(values, checkpoint.config.num_kv_heads);
    }
    require(llama.emplace(name, values).second, where, "expected one tensor {}", tensor.name);
  }
  checkpoint.weights = decoder_from_llama(llama);
  return checkpoint;
}

void pack_gguf_llama(const io::Gguf& file, surgery::FrozenFormat format, lm::Decoder& decoder) {
  const auto type = surgery::block_type_of(format);
  if (!type) return;
  const lm::DecoderConfig& config = decoder->config();
  for (size_t n = 0; n < decoder->layers->size(); ++n) {
    const std::string prefix = "blk." + std::to_string(n) + ".";
    const auto& block = (*decoder->layers)[n];
    pack_stack(file, *type,
               {{prefix + "attn_q.weight", config.num_heads},
                {prefix + "attn_k.weight", config.num_kv_heads},
                {prefix + "attn_v.weight"}},
               block->self_attn->qkv_proj);
    pack_stack(file, *type, {{prefix + "attn_output.weight"}}, block->self_attn->o_proj);
    pack_stack(file, *type, {{prefix + "ffn_gate.weight"}, {prefix + "ffn_up.weight"}},
               block->mlp->up_proj);
    pack_stack(file, *type, {{prefix + "ffn_down.weight"}}, block->mlp->down_proj);
  }
}

}  // namespace flamingo::checkpoint
