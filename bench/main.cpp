#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/scenario.h"
#include "bench/turns.h"
#include "flamingo/core/error.h"
#include "flamingo/core/memory.h"
#include "flamingo/nn/tensor_memory.h"

namespace {

using namespace flamingo::bench;

constexpr uint64_t kSeed = 0;

/// Throws Error when no scenario is called `name`.
void check_names(const std::vector<std::string>& names) {
  std::string known;
  for (const Scenario& scenario : all_scenarios()) known += std::string(" ") + scenario.name;
  for (const std::string& name : names) {
    const auto is_named = [&](const Scenario& scenario) { return name == scenario.name; };
    const auto scenarios = all_scenarios();
    flamingo::require(std::any_of(scenarios.begin(), scenarios.end(), is_named), "flamingo-bench",
                      "expected one of{}, got {}", known, name);
  }
}

void run(const Options& options, const std::vector<std::string>& names) {
  check_names(names);
  at::set_num_threads(options.threads);
  flamingo::kernels::ThreadPool pool(options.threads);
  at::manual_seed(kSeed);
  if (!options.turns.empty()) return serve_turns(options.turns, options.type, Roofs(pool));
  Report report(options.json);
  report.note("scenario   item                               best     median");
  const Roofs roofs(pool);
  Context context{options, roofs, pool, report};
  context.measure_roofs();
  for (const Scenario& scenario : all_scenarios()) {
    const bool chosen =
        names.empty() || std::find(names.begin(), names.end(), scenario.name) != names.end();
    if (!chosen) continue;
    at::manual_seed(kSeed);  // the same inputs whichever were chosen
    scenario.run(context);
  }
  report.finish();
}

}  // namespace

int main(int argc, char** argv) {
  flamingo::keep_freed_memory();
  flamingo::nn::keep_tensor_memory();
  Options options;
  std::vector<std::string> names;
  CLI::App app("Measures this machine's limits and how near to them flamingo's parts come",
               "flamingo-bench");
  app.add_option("scenario", names, "scenarios to run; all by default");
  app.add_option("--threads", options.threads, "threads")->capture_default_str();
  app.add_option("--seconds", options.seconds, "measuring time of one line, without its roof")
      ->capture_default_str();
  app.add_option("--lm", options.lm_path, "GGUF of the default LM")->capture_default_str();
  app.add_option("--data", options.data, "folder of make data, for loader")->capture_default_str();
  app.add_option("--turns", options.turns,
                 "train the model of this folder, a step per line of input (bench/peers)");
  app.add_option("--type", options.type, "--turns: bf16 or fp32")->capture_default_str();
  app.add_flag("--json", options.json, "write the results as JSON");
  std::string list;
  for (const Scenario& scenario : all_scenarios()) {
    list += std::string("  ") + scenario.name + ": " + scenario.help + "\n";
  }
  app.footer("Scenarios:\n" + list);
  CLI11_PARSE(app, argc, argv);
  try {
    run(options, names);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flamingo-bench: %s\n", error.what());
    return 2;
  }
}
