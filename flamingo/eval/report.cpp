#include "flamingo/eval/report.h"

#include <cstdio>

namespace flamingo::eval {
namespace {

/// ".812 +- .012", or "-" when nothing was measured.
std::string cell(const Accuracy& accuracy) {
  if (accuracy.total == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.3f +- %.3f", accuracy.value(), accuracy.error());
  return text;
}

std::string line(const std::string& task, const std::string& episodes,
                 const std::array<std::string, 6>& cells) {
  char text[200];
  std::snprintf(text, sizeof text, "%-16.24s %8s  %-15s  %-6s  %-15s  %-15s  %-15s  %s\n",
                task.c_str(), episodes.c_str(), cells[0].c_str(), cells[1].c_str(),
                cells[2].c_str(), cells[3].c_str(), cells[4].c_str(), cells[5].c_str());
  return text;
}

std::string number(double value) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

Json accuracy_json(const Accuracy& accuracy) {
  if (accuracy.total == 0) return nullptr;
  return {{"accuracy", accuracy.value()}, {"error", accuracy.error()}};
}

}  // namespace

std::string report_table(std::span<const TaskResult> results) {
  std::string table =
      line("task", "episodes",
           {"accuracy", "chance", "no picture", "other picture", "encoder alone", "goal"});
  for (const TaskResult& result : results) {
    const std::string goal =
        result.goal > 0 ? number(result.goal) + (result.reached() ? " reached" : " missed") : "-";
    const std::string verdict =
        goal + (result.controls_at_chance() ? "" : " ! control not at chance");
    table += line(result.name, std::to_string(result.accuracy.total),
                  {cell(result.accuracy), result.chance > 0 ? number(result.chance) : "-",
                   cell(result.removed), cell(result.exchanged), cell(result.encoder), verdict});
  }
  return table;
}

Json report_json(std::span<const TaskResult> results) {
  Json list = Json::array();
  for (const TaskResult& result : results) {
    list.push_back({{"task", result.name},
                    {"episodes", result.accuracy.total},
                    {"accuracy", result.accuracy.value()},
                    {"error", result.accuracy.error()},
                    {"chance", result.chance},
                    {"goal", result.goal > 0 ? Json(result.goal) : Json()},
                    {"reached", result.goal > 0 ? Json(result.reached()) : Json()},
                    {"removed", accuracy_json(result.removed)},
                    {"exchanged", accuracy_json(result.exchanged)},
                    {"encoder", accuracy_json(result.encoder)},
                    {"controls_at_chance",
                     result.removed.total > 0 ? Json(result.controls_at_chance()) : Json()}});
  }
  return list;
}

}  // namespace flamingo::eval
