#include <algorithm>
#include <array>
#include <cstdio>

#include "flamingo/core/size_text.h"
#include "flamingo/model/parameter_table.h"

namespace flamingo::model {
namespace {

/// 1374389534 -> "1.37B"
std::string short_count(int64_t count) {
  std::array<char, 32> text{};
  const double value = static_cast<double>(count);
  if (count >= 1'000'000'000) {
    std::snprintf(text.data(), text.size(), "%.2fB", value / 1e9);
  } else if (count >= 1'000'000) {
    std::snprintf(text.data(), text.size(), "%.1fM", value / 1e6);
  } else {
    std::snprintf(text.data(), text.size(), "%lld", static_cast<long long>(count));
  }
  return text.data();
}

std::string shape_of(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

/// Lines of cells; columns are padded to their widest cell, the first to the left, others to the
/// right.
class Columns {
 public:
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  std::string text() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : rows_) {
      std::string line = "  ";
      for (size_t i = 0; i < row.size(); ++i) {
        const std::string space(widths[i] - row[i].size(), ' ');
        line += (i ? "  " + space + row[i] : row[i] + space);
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

Json part_json(const PartRow& row) {
  return {{"name", row.name},
          {"frozen", row.frozen},
          {"trainable", row.trainable},
          {"paper", row.paper}};
}

Json weight_json(const WeightRow& row) {
  return {
      {"name", row.name}, {"shape", row.shape}, {"count", row.count}, {"trainable", row.trainable}};
}

}  // namespace

std::string to_text(const ParameterTable& table) {
  Columns parts, readings, memory, weights;
  parts.add({"part", "frozen", "trainable", "parameters", "paper"});
  for (const PartRow& row : table.parts) {
    parts.add({row.name, std::to_string(row.frozen), std::to_string(row.trainable),
               short_count(row.frozen + row.trainable), row.paper});
  }
  for (const Reading& row : table.readings) {
    readings.add(
        {row.what, std::to_string(row.parameters), short_count(row.parameters), row.paper});
  }
  for (const MemoryRow& row : table.memory)
    memory.add({row.what, size_text(static_cast<uint64_t>(row.bytes))});
  weights.add({"weight", "shape", "times", ""});
  for (const WeightRow& row : table.weights) {
    weights.add({row.name, shape_of(row.shape), std::to_string(row.count),
                 row.trainable ? "trained" : "frozen"});
  }
  std::string text = (table.name.empty() ? std::string("model") : table.name) + "\n" + parts.text();
  if (!table.readings.empty()) {
    text += "\nwhere the paper contradicts itself: reading, parameters, the paper's figure\n" +
            readings.text();
  }
  text += "\nmemory of weights, gradients and AdamW's moments (no activations)\n" + memory.text();
  return text + "\n" + weights.text();
}

Json to_json(const ParameterTable& table) {
  Json json{{"name", table.name},
            {"parts", Json::array()},
            {"weights", Json::array()},
            {"readings", Json::array()},
            {"memory", Json::array()}};
  for (const PartRow& row : table.parts) json["parts"].push_back(part_json(row));
  for (const WeightRow& row : table.weights) json["weights"].push_back(weight_json(row));
  for (const Reading& row : table.readings) {
    json["readings"].push_back(
        {{"what", row.what}, {"parameters", row.parameters}, {"paper", row.paper}});
  }
  for (const MemoryRow& row : table.memory) {
    json["memory"].push_back({{"what", row.what}, {"bytes", row.bytes}});
  }
  return json;
}

}  // namespace flamingo::model
