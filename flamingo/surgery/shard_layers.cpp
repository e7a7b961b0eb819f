#include "flamingo/surgery/shard_layers.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"

namespace flamingo::surgery {
namespace {

enum class Sharing { kColumns, kRows };

constexpr std::array<std::pair<std::string_view, Sharing>, 8> kSharedLinears = {
    {{"qkv_proj", Sharing::kColumns},
     {"r_proj", Sharing::kColumns},
     {"to_q", Sharing::kColumns},
     {"to_kv", Sharing::kColumns},
     {"up_proj", Sharing::kColumns},
     {"o_proj", Sharing::kRows},
     {"to_out", Sharing::kRows},
     {"down_proj", Sharing::kRows}}};

/// Where such layers are: elsewhere (in a vision encoder) the names mean something else.
constexpr std::array<std::string_view, 3> kSharedParts = {"lm.layers.", "xattn.", "resampler."};

std::string_view last_segment(std::string_view name) { return name.substr(name.rfind('.') + 1); }

bool is_shared_part(std::string_view name) {
  for (const auto part : kSharedParts) {
    if (name.starts_with(part)) return true;
  }
  return false;
}

/// A Linear that is cut.
struct SharedLinear {
  std::string name;
  nn::Linear layer{nullptr};
  Sharing sharing = Sharing::kColumns;
  parallel::TensorShard shard;  ///< of the weight
};

/// Extents of the parts that are stacked in the rows of a column-parallel layer.
std::vector<int64_t> stacked_rows(const std::string& name, const nn::LinearImpl& layer,
                                  const model::FlamingoConfig& config) {
  const int64_t rows = layer.weight.size(0);
  const auto kind = last_segment(name);
  if (kind == "qkv_proj") {
    const lm::DecoderConfig& lm = config.lm;
    return {lm.num_heads * lm.head_dim, lm.num_kv_heads * lm.head_dim,
            lm.num_kv_heads * lm.head_dim};
  }
  const bool gated_lm = name.starts_with("lm.") && config.lm.gated_ffw;
  const bool gated_xattn = name.starts_with("xattn.") && config.xattn.gated_ffw;
  if (kind == "to_kv" || (kind == "up_proj" && (gated_lm || gated_xattn)))
    return {rows / 2, rows / 2};
  return {rows};
}

std::vector<SharedLinear> shared_linears(model::Flamingo& model) {
  std::vector<SharedLinear> found;
  for (const auto& item : model->named_modules("", /*include_self=*/false)) {
    const auto layer = std::dynamic_pointer_cast<nn::LinearImpl>(item.value());
    if (!layer || !is_shared_part(item.key())) continue;
    for (const auto& [kind, sharing] : kSharedLinears) {
      if (last_segment(item.key()) != kind) continue;
      const parallel::TensorShard shard =
          sharing == Sharing::kColumns
              ? parallel::TensorShard{.axis = 0,
                                      .parts = stacked_rows(item.key(), *layer, model->config())}
              : parallel::TensorShard{.axis = 1, .parts = {layer->weight.size(1)}};
      found.push_back({item.key(), nn::Linear(layer), sharing, shard});
    }
  }
  return found;
}

void require_divisible(const char* field, int64_t value, int64_t size) {
  require(value % size == 0, field, "expected a multiple of {} (parallel.tensor), got {}", size,
          value);
}

void require_shareable(const std::vector<SharedLinear>& linears,
                       const model::FlamingoConfig& config, int64_t size) {
  require(config.xattn.form != lm::XattnForm::kGrafting, "xattn.form",
          "expected gated or vanilla with parallel.tensor above 1, got grafting");
  for (const SharedLinear& linear : linears)
    require(!linear.layer->packed(), linear.name,
            "expected weights that are not packed with parallel.tensor above 1, got packed ones");
  require_divisible("lm.num_heads", config.lm.num_heads, size);
  require_divisible("lm.num_kv_heads", config.lm.num_kv_heads, size);
  require_divisible("lm.ffw_dim", config.lm.ffw_dim, size);
  require_divisible("xattn.num_heads", config.xattn.num_heads, size);
  require_divisible("xattn.ffw_dim", config.xattn.ffw_dim, size);
  if (!config.resampler) return;
  require_divisible("resampler.heads", config.resampler->heads, size);
  require_divisible("resampler.width * ffw_mult",
                    config.resampler->width * config.resampler->ffw_mult, size);
}

/// Lets the linears work on their rank's part, and adds their parameters to the layout.
void shard_linears(const std::vector<SharedLinear>& linears, const parallel::ProcessGroup& group,
                   parallel::TensorLayout& layout) {
  for (const SharedLinear& linear : linears) {
    const bool columns = linear.sharing == Sharing::kColumns;
    layout.shards[linear.name + ".weight"] = linear.shard;
    if (columns && linear.layer->bias.defined())
      layout.shards[linear.name + ".bias"] = linear.shard;
    auto layer = linear.layer;
    layer->around.insert(layer->around.begin(), columns ? parallel::column_parallel(group)
                                                        : parallel::row_parallel(group));
  }
}

/// A parameter that each rank has whole and uses for its own heads alone.
bool is_head_norm(std::string_view name) {
  return name.find(".q_norm.") != name.npos || name.find(".k_norm.") != name.npos;
}

/// Adds the parameters of heads that are beside the linears.
void note_other_parameters(const model::Flamingo& model, parallel::TensorLayout& layout) {
  for (const auto& item : model->named_parameters()) {
    const auto kind = last_segment(item.key());
    if (!is_shared_part(item.key())) continue;
    if (kind == "r_w_bias" || kind == "r_r_bias")
      layout.shards[item.key()] = {.axis = 0, .parts = {item.value().size(0)}};
    if (is_head_norm(item.key())) layout.partial.push_back(item.key());
  }
}

/// Leaves the rank's part of each parameter that is shared.
void cut_parameters(model::Flamingo& model, const parallel::TensorLayout& layout,
                    const parallel::ProcessGroup& group) {
  const torch::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) {
    const auto shard = layout.shards.find(item.key());
    if (shard == layout.shards.end()) continue;
    item.value().set_data(parallel::cut(item.value(), shard->second, group.rank(), group.size()));
  }
}

}  // namespace

parallel::TensorLayout shard_layers(model::Flamingo& model, const parallel::ProcessGroup& group) {
  parallel::TensorLayout layout;
  if (group.size() == 1) return layout;
  const auto linears = shared_linears(model);
  require_shareable(linears, model->config(), group.size());
  shard_linears(linears, group, layout);
  note_other_parameters(model, layout);
  cut_parameters(model, layout, group);
  return layout;
}

void unshard_layers(model::Flamingo& model, const parallel::TensorLayout& layout,
                    const parallel::ProcessGroup& group) {
  if (group.size() == 1) return;
  const torch::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) {
    const auto shard = layout.shards.find(item.key());
    if (shard == layout.shards.end()) continue;
    item.value().set_data(parallel::join(group.all_gather(item.value().detach()), shard->second));
  }
  for (const SharedLinear& linear : shared_linears(model))
    linear.layer.ptr()->around.erase(linear.layer.ptr()->around.begin());
}

}  // namespace flamingo::surgery
