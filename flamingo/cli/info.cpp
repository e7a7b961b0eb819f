#include <memory>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/model/parameter_table.h"
#include "flamingo/model/presets.h"

namespace flamingo::cli {
namespace {

struct InfoArguments {
  std::string preset;
  std::string model;
  bool config = false;
  bool json = false;
};

model::FlamingoConfig config_of(const InfoArguments& options) {
  require(options.preset.empty() != options.model.empty(), "info",
          "expected one of --preset and --model, got {}",
          options.preset.empty() ? "neither" : "both");
  return options.preset.empty() ? checkpoint::read_model_config(options.model)
                                : model::flamingo_preset(options.preset);
}

void run_info(const InfoArguments& options) {
  const auto config = config_of(options);
  if (options.config) {
    print(config_to_json(config).dump(2) + "\n");
    return;
  }
  const auto table = model::parameter_table(config, options.preset);
  print(options.json ? model::to_json(table).dump() + "\n" : model::to_text(table));
}

}  // namespace

void add_info(CLI::App& app) {
  auto* verb = app.add_subcommand(
      "info", "Modules, shapes, parameter counts and memory of a model, without loading it");
  auto options = std::make_shared<InfoArguments>();
  std::string names;
  for (const auto& name : model::flamingo_preset_names())
    names += (names.empty() ? "" : ", ") + name;
  verb->add_option("--preset", options->preset, "One of " + names);
  verb->add_option("-m,--model", options->model, "Folder of a model");
  verb->add_flag("--config", options->config, "Print the whole configuration as JSON instead");
  verb->add_flag("--json", options->json, "Print JSON");
  set_examples(*verb,
               "  flamingo info --preset flamingo-80b\n  flamingo info -m models/pictogram --json");
  verb->callback([options] { run_info(*options); });
}

}  // namespace flamingo::cli
