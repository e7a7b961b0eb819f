#include "flamingo/model/parameter_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "flamingo/model/flamingo.h"
#include "flamingo/model/freeze.h"
#include "flamingo/model/presets.h"

namespace flamingo::model {
namespace {

/// A child of Flamingo and what it is called in the table.
constexpr std::array<std::pair<const char*, const char*>, 6> kParts{
    {{"vision_encoder.", "vision encoder"},
     {"resampler.", "resampler"},
     {"media_proj.", "media projection"},
     {"xattn.", "gated xattn-dense"},
     {"graft.", "grafted self-attention"},
     {"lm.", "language model"}}};

/// What the paper prints of one size (table 5), by part.
std::map<std::string, std::string> paper_counts(const std::string& preset) {
  const auto counts = [](const char* xattn, const char* lm, const char* total) {
    return std::map<std::string, std::string>{{"vision encoder", "435M"},
                                              {"resampler", "194M"},
                                              {"gated xattn-dense", xattn},
                                              {"language model", lm},
                                              {"total", total}};
  };
  if (preset == "flamingo-3b") return counts("1.2B", "1.4B", "3.2B");
  if (preset == "flamingo-9b") return counts("1.6B", "7.1B", "9.3B");
  if (preset == "flamingo-80b") return counts("10B", "70B", "80B");
  return {};
}

/// A model without memory, frozen as the paper does.
Flamingo meta_model(const FlamingoConfig& config) {
  Flamingo model(config, lm::WeightOptions::of(torch::kBFloat16, torch::kMeta));
  freeze(model, Trainable{});
  return model;
}

/// "lm.layers.12.norm.weight" -> "lm.layers.*.norm.weight"
std::string without_numbers(const std::string& name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('.', at), name.size());
    const std::string segment = name.substr(at, end - at);
    const bool number =
        !segment.empty() && segment.find_first_not_of("0123456789") == std::string::npos;
    out += (at ? "." : "") + (number ? std::string("*") : segment);
    at = end + 1;
  }
  return out;
}

void add_weight(const std::string& name, const torch::Tensor& weight,
                std::vector<WeightRow>& rows) {
  const WeightRow row{without_numbers(name), weight.sizes().vec(), 1, weight.requires_grad()};
  for (WeightRow& known : rows) {
    if (known.name == row.name && known.shape == row.shape && known.trainable == row.trainable) {
      ++known.count;
      return;
    }
  }
  rows.push_back(row);
}

/// Parameters by part; the last row is the total.
std::vector<PartRow> count_parts(const Flamingo& model, const std::string& preset) {
  const auto paper = paper_counts(preset);
  const auto figure = [&](const std::string& name) {
    const auto it = paper.find(name);
    return it == paper.end() ? std::string() : it->second;
  };
  std::vector<PartRow> rows;
  PartRow total{"total", 0, 0, figure("total")};
  for (const auto& [prefix, name] : kParts) {
    PartRow row{name, 0, 0, figure(name)};
    for (const auto& item : model->named_parameters()) {
      if (!item.key().starts_with(prefix)) continue;
      (item.value().requires_grad() ? row.trainable : row.frozen) += item.value().numel();
    }
    if (row.frozen + row.trainable == 0) continue;
    total.frozen += row.frozen;
    total.trainable += row.trainable;
    rows.push_back(row);
  }
  rows.push_back(total);
  return rows;
}

int64_t part_count(const FlamingoConfig& config, const std::string& name) {
  for (const PartRow& row : count_parts(meta_model(config), {})) {
    if (row.name == name) return row.frozen + row.trainable;
  }
  return 0;
}

/// Both readings where the paper contradicts itself: the resampler's head width, the 9B's depth,
/// and what "added parameters" counts.
std::vector<Reading> paper_readings(const FlamingoConfig& config, const std::string& preset) {
  if (paper_counts(preset).empty()) return {};
  std::vector<Reading> readings;
  FlamingoConfig narrow = config;
  narrow.resampler->head_dim = 96;
  readings.push_back(
      {"resampler, heads of 128 (first version)", part_count(config, "resampler"), "194M"});
  readings.push_back(
      {"resampler, heads of 96 (second version)", part_count(narrow, "resampler"), "194M"});
  if (preset == "flamingo-9b") {
    FlamingoConfig deep = config;
    deep.lm.num_layers = 40;
    readings.push_back({"language model, 32 blocks (fits the counts)",
                        part_count(config, "language model"), "7.1B"});
    readings.push_back({"language model, 40 blocks (table of shapes)",
                        part_count(deep, "language model"), "7.1B"});
    readings.push_back(
        {"xattn, 8 layers (fits the counts)", part_count(config, "gated xattn-dense"), "1.6B"});
    readings.push_back(
        {"xattn, 10 layers (table of shapes)", part_count(deep, "gated xattn-dense"), "1.6B"});
  }
  const char* added = preset == "flamingo-3b" ? "1.4B" : preset == "flamingo-9b" ? "1.8B" : "10B";
  const int64_t xattn = part_count(config, "gated xattn-dense");
  readings.push_back(
      {"added, xattn and resampler (text)", xattn + part_count(config, "resampler"), added});
  readings.push_back(
      {"added, xattn alone (table)", xattn, paper_counts(preset)["gated xattn-dense"]});
  return readings;
}

std::vector<MemoryRow> memory_rows(const PartRow& total) {
  const int64_t all = total.frozen + total.trainable;
  constexpr int64_t kTrainedBytes = 4 + 4 + 8;  // fp32 master, gradient, two AdamW moments
  return {{"inference, fp32", 4 * all},
          {"inference, bf16", 2 * all},
          {"inference, int8 frozen, bf16 rest", total.frozen + 2 * total.trainable},
          {"training, fp32 frozen, fp32 trained with AdamW",
           4 * total.frozen + kTrainedBytes * total.trainable},
          {"training, bf16 frozen, fp32 trained with AdamW",
           2 * total.frozen + kTrainedBytes * total.trainable}};
}

}  // namespace

ParameterTable parameter_table(const FlamingoConfig& config, const std::string& preset) {
  const Flamingo model = meta_model(config);
  ParameterTable table{.name = preset, .parts = count_parts(model, preset)};
  for (const auto& item : model->named_parameters())
    add_weight(item.key(), item.value(), table.weights);
  table.readings = paper_readings(config, preset);
  table.memory = memory_rows(table.parts.back());
  return table;
}

}  // namespace flamingo::model
