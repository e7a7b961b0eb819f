#include "bench/turns.h"

#include <torch/types.h>

#include <ctime>
#include <filesystem>
#include <functional>
#include <iostream>
#include <utility>
#include <vector>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/model/freeze.h"
#include "flamingo/train/flamingo_task.h"
#include "flamingo/train/optimizer.h"

namespace flamingo::bench {
namespace {

constexpr const char* kWhere = "flamingo-bench --turns";
constexpr int kTurnProducts = 10;  // in one turn of the roof

/// A batch and the factor of its loss.
struct Part {
  train::FlamingoBatch batch;
  double factor = 1.0;
};

torch::ScalarType compute_type(const std::string& name) {
  require(name == "bf16" || name == "fp32", kWhere, "expected bf16 or fp32, got {}", name);
  return name == "bf16" ? torch::kBFloat16 : torch::kFloat32;
}

model::Flamingo load_model(const std::filesystem::path& folder, torch::ScalarType type) {
  model::FlamingoConfig config;
  const std::string file = (folder / "config.json").string();
  config_from_json(read_json_file(file), config, file);
  model::Flamingo model(config, lm::WeightOptions::of(type));
  checkpoint::load_into(*model,
                        checkpoint::load_state_dict((folder / "model.safetensors").string()));
  model::freeze(model, {});
  return model;
}

Part load_part(const std::string& file) {
  const checkpoint::StateDict tensors = checkpoint::load_state_dict(file);
  Part part;
  part.batch.ids = tensors.at("ids");
  part.batch.phi = tensors.at("phi");
  part.batch.positions = tensors.at("positions");
  part.batch.targets = tensors.at("targets");
  part.batch.bound = torch::zeros_like(part.batch.targets, torch::kBool);
  part.batch.media_rows = tensors.at("media_rows");
  part.batch.groups.push_back({.frames = 1, .views = {}, .pixels = tensors.at("pixels")});
  part.factor = std::stod(io::Safetensors::open(file).metadata().at("loss_factor"));
  return part;
}

std::vector<Part> load_parts(const std::filesystem::path& folder) {
  std::vector<Part> parts;
  for (int n = 0;; ++n) {
    const auto file = folder / ("batch." + std::to_string(n) + ".safetensors");
    if (!std::filesystem::exists(file)) return parts;
    parts.push_back(load_part(file.string()));
  }
}

/// Seconds of one call: by the wall's clock, and of the processor, which other programs' turns on
/// the same cores hardly change.
Json seconds_of(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  Stopwatch watch;
  watch.repeat(0.0, work);
  return {{"wall", watch.total()},
          {"cpu", static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC}};
}

/// What is trained, by the parts of the trainer.
class Steps {
 public:
  Steps(const std::filesystem::path& folder, torch::ScalarType type)
      : model_(load_model(folder, type)),
        optimizer_({.weight_decay = 0.0}, *model_),
        parts_(load_parts(folder)) {}

  /// One step; the loss of every batch before it.
  std::vector<double> step() {
    std::vector<double> losses;
    for (const Part& part : parts_) {
      const auto loss =
          train::flamingo_losses(model_, part.batch, [this](const train::MediaGroup& group) {
            return encode(group.pixels);
          }).loss;
      (loss * part.factor).backward();
      losses.push_back(loss.item<double>());
    }
    optimizer_.clip_gradients();
    optimizer_.step(1.0);
    optimizer_.zero_grad();
    return losses;
  }

 private:
  torch::Tensor encode(const torch::Tensor& pixels) {
    const torch::NoGradGuard frozen;
    return model_->vision_encoder->forward(pixels.to(model_->lm->compute_type()));
  }

  model::Flamingo model_;
  train::AdamW optimizer_;
  std::vector<Part> parts_;
};

Json roof_turn(const Roof& roof) {
  Json seconds = seconds_of([&] {
    for (int i = 0; i < kTurnProducts; ++i) roof.work();
  });
  return {{"gflop", kTurnProducts * roof.amount}, {"seconds", std::move(seconds)}};
}

Json step_turn(Steps& steps) {
  std::vector<double> losses;
  Json seconds = seconds_of([&] { losses = steps.step(); });
  return {{"seconds", std::move(seconds)}, {"losses", losses}};
}

}  // namespace

void serve_turns(const std::string& folder, const std::string& type, const Roofs& roofs) {
  Steps steps(folder, compute_type(type));
  for (std::string line; std::getline(std::cin, line);) {
    require(line == "step" || line == "roof", kWhere, "expected step or roof, got {}", line);
    const Json answer =
        line == "step" ? step_turn(steps) : roof_turn(type == "bf16" ? roofs.bf16 : roofs.fp32);
    std::cout << answer.dump() << std::endl;
  }
}

}  // namespace flamingo::bench
