#include "flamingo/generate/fused_weights.h"

#include <algorithm>
#include <string>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/nn/rotary.h"

namespace flamingo::generate {
namespace {

constexpr const char* kWeightsWhere = "fused_weights";

bool is_plain(const torch::nn::Module& module) {
  const auto parameters = module.parameters();
  return std::all_of(parameters.begin(), parameters.end(), [](const at::Tensor& p) {
    return p.is_cpu() && p.is_contiguous() &&
           (p.scalar_type() == at::kFloat || p.scalar_type() == at::kBFloat16);
  });
}

std::vector<float> floats(const at::Tensor& tensor) {
  const auto values = tensor.detach().to(at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

/// Rows [first, first + count) of a matrix, in place.
decode::SharedMatrix view_rows(const at::Tensor& matrix, int64_t first, int64_t count) {
  const auto rows = matrix.narrow(0, first, count);
  const auto type =
      matrix.scalar_type() == at::kFloat ? kernels::BlockType::kF32 : kernels::BlockType::kBF16;
  const std::span bytes(static_cast<const std::byte*>(rows.const_data_ptr()), rows.nbytes());
  return std::make_shared<const kernels::PackedMatrix>(
      kernels::PackedMatrix::view(type, bytes, count, matrix.size(1)));
}

decode::SharedMatrix view(const at::Tensor& matrix) { return view_rows(matrix, 0, matrix.size(0)); }

decode::NormWeights norm_weights(const nn::Norm& norm) {
  return {.weight = floats(norm->weight),
          .bias = norm->bias.defined() ? floats(norm->bias) : std::vector<float>{},
          .config = norm->config()};
}

decode::FeedForwardWeights ffw_weights(const nn::Norm& norm, const nn::Mlp& mlp) {
  const at::Tensor& up = mlp->up_proj->weight;
  const bool gated = mlp->config().gated;
  const int64_t inner = gated ? up.size(0) / 2 : up.size(0);
  decode::FeedForwardWeights weights;
  weights.norm = norm_weights(norm);
  weights.activation = mlp->config().activation;
  if (gated) weights.gate = view_rows(up, 0, inner);
  weights.up = view_rows(up, gated ? inner : 0, inner);
  weights.down = view(mlp->down_proj->weight);
  return weights;
}

/// A block with views of the model's matrices.
decode::DecoderBlockWeights block_weights(const lm::DecoderBlock& block,
                                          const lm::DecoderConfig& config) {
  const int64_t queries = config.num_heads * config.head_dim;
  const int64_t keys = config.num_kv_heads * config.head_dim;
  const at::Tensor& qkv = block->self_attn->qkv_proj->weight;
  decode::DecoderBlockWeights weights;
  weights.norm = norm_weights(block->input_layernorm);
  weights.query = view_rows(qkv, 0, queries);
  weights.key = view_rows(qkv, queries, keys);
  weights.value = view_rows(qkv, queries + keys, keys);
  weights.output = view(block->self_attn->o_proj->weight);
  weights.ffw = ffw_weights(block->post_attention_layernorm, block->mlp);
  return weights;
}

/// tanh(alpha), or 1 where there is no gate.
std::vector<float> gate_values(const at::Tensor& alpha) {
  return alpha.defined() ? floats(alpha.to(at::kFloat).tanh()) : std::vector<float>{1.0F};
}

decode::CrossBlockWeights cross_weights(const lm::GatedXattn& layer, int64_t heads,
                                        int64_t before_block) {
  decode::CrossBlockWeights weights;
  weights.before_block = before_block;
  weights.norm = norm_weights(layer->norm);
  weights.query = view(layer->to_q->weight);
  weights.output = view(layer->to_out->weight);
  weights.heads = heads;
  if (layer->q_norm) weights.query_norm = norm_weights(layer->q_norm);
  weights.attention_gate = gate_values(layer->alpha_xattn);
  weights.ffw_gate = gate_values(layer->alpha_dense);
  weights.ffw = ffw_weights(layer->norm_ffw, layer->ffw);
  return weights;
}

/// Packs a matrix of the file; heads > 0: query or key rows, put in rotate-half order.
decode::SharedMatrix pack(const io::Gguf& lm, const std::string& name, int64_t heads = 0) {
  const io::GgufTensor* tensor = lm.find(name);
  require(tensor != nullptr && tensor->shape.size() == 2, kWeightsWhere,
          "expected a matrix {} in the language model's GGUF", name);
  tensor->readable(kWhere);
  const int64_t rows = tensor->shape[0], cols = tensor->shape[1];
  std::vector<std::byte> in_halves;
  if (heads > 0) in_halves = unpermute_rotary_rows(tensor->data, rows, heads);
  return std::make_shared<const kernels::PackedMatrix>(kernels::PackedMatrix::pack(
      tensor->type, heads > 0 ? std::span<const std::byte>(in_halves) : tensor->data, rows, cols));
}

/// Puts the file's matrices in the place of the model's.
void use_gguf(const io::Gguf& lm, decode::FusedDecoderWeights& weights) {
  for (size_t n = 0; n < weights.blocks.size(); ++n) {
    const std::string prefix = "blk." + std::to_string(n) + ".";
    decode::DecoderBlockWeights& block = weights.blocks[n];
    block.query = pack(lm, prefix + "attn_q.weight", weights.heads);
    block.key = pack(lm, prefix + "attn_k.weight", weights.kv_heads);
    block.value = pack(lm, prefix + "attn_v.weight");
    block.output = pack(lm, prefix + "attn_output.weight");
    if (block.ffw.gate) block.ffw.gate = pack(lm, prefix + "ffn_gate.weight");
    block.ffw.up = pack(lm, prefix + "ffn_up.weight");
    block.ffw.down = pack(lm, prefix + "ffn_down.weight");
  }
  weights.head = pack(lm, lm.find("output.weight") ? "output.weight" : "token_embd.weight");
}

}  // namespace

bool can_fuse(const model::Flamingo& model) {
  const lm::DecoderConfig& lm = model->config().lm;
  const lm::GatedXattnConfig& xattn = model->config().xattn;
  return lm.position == lm::PositionKind::kRotary && !lm.parallel_residual && !lm.attention_bias &&
         !lm.ffw_bias && xattn.form == lm::XattnForm::kGated && is_plain(*model->lm) &&
         is_plain(*model->xattn);
}

std::vector<std::byte> unpermute_rotary_rows(std::span<const std::byte> rows, int64_t num_rows,
                                             int64_t heads) {
  require(heads > 0 && num_rows > 0 && num_rows % (2 * heads) == 0 &&
              rows.size() % static_cast<size_t>(num_rows) == 0,
          kWeightsWhere, "expected an even number of whole rows per head");
  const size_t row_bytes = rows.size() / static_cast<size_t>(num_rows);
  const int64_t half = num_rows / heads / 2;
  std::vector<std::byte> turned(rows.size());
  for (int64_t row = 0; row < num_rows; ++row) {
    const int64_t head = row / (2 * half), i = row % (2 * half);
    const int64_t source = head * 2 * half + 2 * (i % half) + i / half;
    std::copy_n(rows.begin() + source * static_cast<int64_t>(row_bytes), row_bytes,
                turned.begin() + row * static_cast<int64_t>(row_bytes));
  }
  return turned;
}

decode::FusedDecoderWeights fused_weights(const model::Flamingo& model, const io::Gguf* lm) {
  require(can_fuse(model), kWeightsWhere, "expected a model that the fused step can compute");
  const at::NoGradGuard no_grad;
  const lm::DecoderConfig& config = model->config().lm;
  const lm::GatedXattnConfig& xattn = model->config().xattn;
  decode::FusedDecoderWeights weights;
  weights.dim = config.dim;
  weights.heads = config.num_heads;
  weights.kv_heads = config.num_kv_heads;
  weights.head_dim = config.head_dim;
  weights.inverse_frequencies =
      floats(nn::rotary_frequencies({config.head_dim, config.rotary_base, config.rotary_scaling}));
  weights.rotary_magnitude = static_cast<float>(config.rotary_scaling.magnitude);
  size_t next = 0;
  for (int64_t n = 0; n < config.num_layers; ++n) {
    if (xattn.at_block(n)) {
      weights.cross_blocks.push_back(cross_weights((*model->xattn)[next++], xattn.num_heads, n));
    }
    weights.blocks.push_back(block_weights((*model->lm->layers)[static_cast<size_t>(n)], config));
  }
  weights.final_norm = norm_weights(model->lm->norm);
  const lm::DecoupledHead& head = model->lm->lm_head;
  weights.head = view(head->weight.defined() ? head->weight : model->lm->embed_tokens->weight);
  if (head->additional_fc) weights.extra_head = view(head->additional_fc->weight);
  if (lm != nullptr) use_gguf(*lm, weights);
  return weights;
}

}  // namespace flamingo::generate
