#include "flamingo/checkpoint/adapters/efficientnet.h"

#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/core/config_limits.h"
#include "flamingo/core/file.h"
#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr double kBatchNormEps = 1e-3;  // of all published sizes
constexpr const char* kTimmStem = "conv_stem";
constexpr const char* kPypiStem = "_conv_stem";

/// Takes foreign weights one after the other.
class FoldingNorms {
 public:
  FoldingNorms(const StateDict& foreign, const std::string& where)
      : foreign_(foreign), where_(where) {}

  bool has(const std::string& name) const { return foreign_.contains(name); }

  /// The weight of this name, which has so many dimensions.
  const at::Tensor& take(const std::string& name, int64_t rank) {
    const auto found = foreign_.find(name);
    require(found != foreign_.end(), where_, "expected a weight {}, got none", name);
    require(found->second.dim() == rank, where_, "expected {} of {} dimensions, got shape {}", name,
            rank, found->second.sizes());
    taken_.insert(name);
    return found->second;
  }

  /// Our convolution from a foreign one and the norm after it.
  void convolution(const std::string& ours, const std::string& conv, const std::string& norm) {
    const at::Tensor weight = take(conv + ".weight", 4).to(torch::kFloat64);
    const auto of_norm = [&](const char* part) {
      const at::Tensor& value = take(norm + part, 1);
      require(value.size(0) == weight.size(0), where_, "expected {}{} of {} channels, got {}", norm,
              part, weight.size(0), value.size(0));
      return value.to(torch::kFloat64);
    };
    const auto scale =
        of_norm(".weight") / (of_norm(".running_var") + kBatchNormEps).sqrt();  // [O]
    const auto bias = of_norm(".bias") - of_norm(".running_mean") * scale;
    ours_.emplace(ours + ".weight", (weight * scale.view({-1, 1, 1, 1})).to(torch::kFloat32));
    ours_.emplace(ours + ".bias", bias.to(torch::kFloat32));
  }

  void classifier(const std::string& name) {
    if (!has(name + ".weight")) return;
    ours_.emplace("classifier.weight", take(name + ".weight", 2));
    ours_.emplace("classifier.bias", take(name + ".bias", 1));
  }

  /// Ours, and those foreign ones that nobody took.
  StateDict finish() {
    for (const auto& [name, weight] : foreign_) {
      if (!taken_.contains(name) && !name.ends_with(".num_batches_tracked"))
        ours_.emplace(name, weight);
    }
    return std::move(ours_);
  }

 private:
  const StateDict& foreign_;
  const std::string& where_;
  std::set<std::string> taken_;
  StateDict ours_;
};

std::string our_block(int64_t stage, int64_t block) {
  return "stages." + std::to_string(stage) + "." + std::to_string(block) + ".";
}

/// "blocks.<stage>.<block>.": a block without expansion calls its convolutions dw and pw, another
/// one pw, dw and pwl.
void take_timm(FoldingNorms& weights) {
  weights.convolution("stem", kTimmStem, "bn1");
  int64_t stage = 0, block = 0;
  while (true) {
    const std::string theirs =
        "blocks." + std::to_string(stage) + "." + std::to_string(block) + ".";
    if (!weights.has(theirs + "conv_dw.weight")) {
      if (block == 0) break;
      ++stage;
      block = 0;
      continue;
    }
    const std::string ours = our_block(stage, block++);
    const bool expands = weights.has(theirs + "conv_pwl.weight");
    if (expands) weights.convolution(ours + "expand", theirs + "conv_pw", theirs + "bn1");
    weights.convolution(ours + "depthwise", theirs + "conv_dw", theirs + (expands ? "bn2" : "bn1"));
    weights.convolution(ours + "project", theirs + (expands ? "conv_pwl" : "conv_pw"),
                        theirs + (expands ? "bn3" : "bn2"));
  }
  weights.convolution("final_conv", "conv_head", "bn2");
  weights.classifier("classifier");
}

/// "_blocks.<i>.", numbered through: a stage begins where width, kernel or expansion changes.
void take_pypi(FoldingNorms& weights) {
  weights.convolution("stem", kPypiStem, "_bn0");
  std::vector<int64_t> before;
  int64_t stage = -1, block = 0;
  for (int64_t i = 0;; ++i) {
    const std::string theirs = "_blocks." + std::to_string(i) + ".";
    if (!weights.has(theirs + "_depthwise_conv.weight")) break;
    const bool expands = weights.has(theirs + "_expand_conv.weight");
    const std::vector<int64_t> shape{weights.take(theirs + "_project_conv.weight", 4).size(0),
                                     weights.take(theirs + "_depthwise_conv.weight", 4).size(2),
                                     expands};
    if (shape != before) {
      ++stage;
      block = 0;
      before = shape;
    }
    const std::string ours = our_block(stage, block++);
    if (expands) weights.convolution(ours + "expand", theirs + "_expand_conv", theirs + "_bn0");
    weights.convolution(ours + "depthwise", theirs + "_depthwise_conv", theirs + "_bn1");
    weights.convolution(ours + "project", theirs + "_project_conv", theirs + "_bn2");
  }
  weights.convolution("final_conv", "_conv_head", "_bn1");
  weights.classifier("_fc");
}

/// Side of the pictures of the preset with these depths and widths.
int64_t published_size(const vision::EfficientNetConfig& config, const std::string& where) {
  for (const auto& preset : vision::EfficientNetConfig::presets()) {
    if (preset.config.depths == config.depths && preset.config.widths == config.widths)
      return preset.config.image_size;
  }
  fail(where, "expected the widths of efficientnet-lite0 to lite4, got {}", Json(config.widths),
       Hint{"of other nets a config.json must say the size of pictures"});
}

EncoderFiles efficientnet_files(const std::string& path, const StateDict& foreign,
                                const TimmEfficientNet& said) {
  EncoderFiles files{.weights = efficientnet_weights(foreign, path), .hash = weights_hash(path)};
  const auto config = efficientnet_config(files.weights, path, said.image_size);
  files.config = config;
  files.transform = config.transform();
  if (!said.mean.empty()) files.transform.mean = said.mean;
  if (!said.std.empty()) files.transform.std = said.std;
  if (said.filter) files.transform.filter = *said.filter;
  return files;
}

/// The only .pth file of a folder, or nothing.
std::string only_pth_file(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".pth") found.push_back(entry.path().string());
  }
  return found.size() == 1 ? found.front() : std::string();
}

}  // namespace

bool is_efficientnet(const StateDict& weights) {
  return weights.contains(std::string(kTimmStem) + ".weight") ||
         weights.contains(std::string(kPypiStem) + ".weight");
}

StateDict efficientnet_weights(const StateDict& weights, const std::string& where) {
  FoldingNorms folding(weights, where);
  if (folding.has(std::string(kPypiStem) + ".weight")) {
    take_pypi(folding);
  } else {
    take_timm(folding);
  }
  return folding.finish();
}

vision::EfficientNetConfig efficientnet_config(const StateDict& weights, const std::string& where,
                                               std::optional<int64_t> image_size) {
  const auto shape_of = [&](const std::string& name) {
    const auto found = weights.find(name + ".weight");
    require(found != weights.end(), where, "expected a weight {}.weight, got none", name);
    return found->second.sizes();
  };
  vision::EfficientNetConfig config;
  config.depths = config.widths = config.kernels = config.expansions = {};
  int64_t in = config.stem_width = shape_of("stem")[0];
  for (int64_t stage = 0; weights.contains(our_block(stage, 0) + "depthwise.weight"); ++stage) {
    const auto depthwise = shape_of(our_block(stage, 0) + "depthwise");
    int64_t depth = 1;
    while (weights.contains(our_block(stage, depth) + "depthwise.weight")) ++depth;
    config.depths.push_back(depth);
    config.kernels.push_back(depthwise[2]);
    config.expansions.push_back(depthwise[0] / std::max<int64_t>(in, 1));
    in = shape_of(our_block(stage, 0) + "project")[0];
    config.widths.push_back(in);
  }
  require(config.depths.size() == config.strides.size(), where, "expected {} stages, got {}",
          config.strides.size(), config.depths.size());
  config.final_width = shape_of("final_conv")[0];
  config.num_classes = weights.contains("classifier.weight") ? shape_of("classifier")[0] : 0;
  config.image_size = image_size ? *image_size : published_size(config, where);
  config.validate();
  return config;
}

std::optional<TimmEfficientNet> efficientnet_from_timm_config(const Json& json,
                                                              const std::string& where) {
  if (!json.is_object() || !json.contains("architecture")) return {};
  const auto name = field_or<std::string>(json, "architecture", "", where);
  if (name.find("efficientnet") == name.npos) return {};
  require(name.find("efficientnet_lite") != name.npos, where,
          "expected tf_efficientnet_lite0 to tf_efficientnet_lite4, got \"{}\"", name);
  TimmEfficientNet config;
  if (!json.contains("pretrained_cfg")) return config;
  const Json& shown = json["pretrained_cfg"];
  require(shown.is_object(), where, "expected pretrained_cfg as an object, got {}", shown);
  const auto size = field_or<std::vector<int64_t>>(shown, "input_size", {}, where);
  require(size.empty() || (size.size() == 3 && size[0] == 3 && size[1] == size[2]), where,
          "expected an input_size [3, S, S], got {}", Json(size));
  if (!size.empty()) {
    require_within(where, "input_size", size[1], 1, config_limits::kImageSize);
    config.image_size = size[1];
  }
  config.mean = field_or<std::vector<float>>(shown, "mean", {}, where);
  config.std = field_or<std::vector<float>>(shown, "std", {}, where);
  for (const auto* values : {&config.mean, &config.std}) {
    require(values->empty() || values->size() == 3, where,
            "expected 3 values in mean and in std, got {}", values->size());
  }
  if (shown.contains("interpolation"))
    config.filter = field_at<media::ResizeFilter>(shown, "interpolation", where);
  return config;
}

std::optional<EncoderFiles> read_efficientnet(const std::string& path) {
  TimmEfficientNet said;
  std::string weights = path;
  if (fs::is_directory(path)) {
    const std::string config = path + "/config.json";
    if (fs::exists(config)) {
      auto timm = efficientnet_from_timm_config(read_json_file(config), config);
      if (!timm) return {};
      said = *std::move(timm);
    } else {
      weights = only_pth_file(path);
    }
  } else if (!fs::is_regular_file(path)) {
    return {};
  }
  if (weights.empty()) return {};
  const StateDict foreign = load_state_dict(weights);
  if (!is_efficientnet(foreign)) return {};
  return efficientnet_files(weights, foreign, said);
}

std::optional<EncoderFiles> read_efficientnet_encoder(const std::string& path) {
  auto files = read_efficientnet(path);
  if (!files) return {};
  files->config.as<vision::EfficientNetConfig>()->num_classes = 0;
  std::erase_if(files->weights,
                [](const auto& item) { return item.first.starts_with("classifier."); });
  return files;
}

}  // namespace flamingo::checkpoint
