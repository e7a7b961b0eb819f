#include <algorithm>
#include <memory>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/checkpoint/shape_check.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/model/parameter_table.h"
#include "flamingo/model/presets.h"
#include "flamingo/nn/meta_kernels.h"
#include "flamingo/plan/flop_counter.h"

namespace flamingo::cli {
namespace {

struct InfoArguments {
  std::string preset;
  std::string model;
  std::string encoder;
  bool config = false;
  bool json = false;
};

model::FlamingoConfig config_of(const InfoArguments& options) {
  require(options.preset.empty() != options.model.empty(), "info",
          "expected one of --preset, --model and --encoder, got {}",
          options.preset.empty() ? "none" : "two");
  return options.preset.empty() ? checkpoint::read_model_config(options.model)
                                : model::flamingo_preset(options.preset);
}

std::string names_joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// The encoder of a file or folder, whose weights fit, or a preset's without weights.
checkpoint::EncoderFiles encoder_of(const std::string& encoder) {
  if (std::ranges::count(vision::encoder_preset_names(), encoder) > 0) {
    const vision::EncoderConfig config = vision::encoder_preset(encoder);
    return {.config = config, .transform = config.transform()};
  }
  auto files = checkpoint::read_encoder(encoder);
  checkpoint::check_shapes(*files.config.make(torch::TensorOptions().device(torch::kMeta)),
                           files.weights, encoder);
  return files;
}

/// Operations of one picture, of an encoder on the meta device.
double flops_of(vision::VisionEncoder& encoder) {
  nn::register_meta_kernels();
  const torch::NoGradGuard no_grad;
  const int64_t side = encoder.image_size();
  const plan::FlopCounter counter;
  encoder.forward(torch::empty({1, 3, side, side}, torch::TensorOptions().device(torch::kMeta)));
  return counter.flops().forward;
}

void print_encoder(const InfoArguments& options) {
  require(options.preset.empty() && options.model.empty(), "info",
          "expected one of --preset, --model and --encoder, got two");
  const checkpoint::EncoderFiles files = encoder_of(options.encoder);
  const vision::EncoderConfig& config = files.config;
  if (options.config) return print(config.to_json().dump(2) + "\n");
  int64_t parameters = 0;
  const auto encoder = config.make(torch::TensorOptions().device(torch::kMeta));
  for (const auto& parameter : encoder->parameters()) parameters += parameter.numel();
  const double flops = flops_of(*encoder);
  if (options.json) {
    return print(Json{{"kind", config.name()},
                      {"parameters", parameters},
                      {"image_size", config.image_size()},
                      {"features", config.num_features()},
                      {"dim", config.dim()},
                      {"flops", flops},
                      {"transform", config_to_json(files.transform)},
                      {"sha256", files.hash}}
                     .dump() +
                 "\n");
  }
  print_format(
      "%s, %.2f M parameters\n  pictures of %lld x %lld pixels -> %lld features of width %lld, "
      "%.2f GFLOP "
      "each\n",
      std::string(config.name()).c_str(), 1e-6 * static_cast<double>(parameters),
      static_cast<long long>(config.image_size()), static_cast<long long>(config.image_size()),
      static_cast<long long>(config.num_features()), static_cast<long long>(config.dim()),
      1e-9 * flops);
  print("  prepared as " + config_to_json(files.transform).dump() + "\n");
  if (!files.hash.empty()) print("  weights of SHA-256 " + files.hash + "\n");
}

void run_info(const InfoArguments& options) {
  if (!options.encoder.empty()) return print_encoder(options);
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
      "info",
      "Modules, shapes, parameter counts and memory of a model or encoder, without loading it");
  auto options = std::make_shared<InfoArguments>();
  verb->add_option("--preset", options->preset,
                   "One of " + names_joined(model::flamingo_preset_names()));
  verb->add_option("-m,--model", options->model, "Folder of a model");
  verb->add_option(
      "-e,--encoder", options->encoder,
      "File or folder of an encoder, or one of " + names_joined(vision::encoder_preset_names()));
  verb->add_flag("--config", options->config, "Print the whole configuration as JSON instead");
  verb->add_flag("--json", options->json, "Print JSON");
  set_examples(*verb,
               "  flamingo info --preset flamingo-80b\n  flamingo info -m models/pictogram --json\n"
               "  flamingo info --encoder efficientnet-lite2");
  verb->callback([options] { run_info(*options); });
}

}  // namespace flamingo::cli
