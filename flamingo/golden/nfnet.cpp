#include "flamingo/vision/nfnet.h"

#include <torch/types.h>

#include "flamingo/checkpoint/adapters/timm_nfnet.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/summed_terms.h"
#include "flamingo/golden/tensors.h"
#include "flamingo/vision/convnet.h"

namespace flamingo::golden {
namespace {

constexpr const char* kSizes = "dm_nfnet_sizes.json";
constexpr const char* kF0Keys = "dm_nfnet_f0.keys.json";

/// Every intermediate result of one picture batch, by the fixture's names.
checkpoint::StateDict results(vision::Nfnet& net, const at::Tensor& image) {
  checkpoint::StateDict values;
  net->feature_map(image, {}, [&](const std::string& name, const at::Tensor& value) {
    values.emplace(name, value);
  });
  const auto& map = values.at("feature_map");
  values.emplace("pooled", map.mean({2, 3}));
  if (net->config().num_classes > 0)
    values.emplace("logits", net->classify(vision::grid_to_patches(map)));
  return values;
}

vision::NfnetConfig dm_config(const std::string& name, int64_t num_classes) {
  vision::NfnetConfig config = checkpoint::as_timm(
      vision::nfnet_preset("nfnet-" + name.substr(std::string("dm_nfnet_").size())));
  config.num_classes = num_classes;
  return config;
}

/// Weights of an encoder without memory: names and shapes only.
checkpoint::StateDict meta_weights(const vision::NfnetConfig& config) {
  const vision::Nfnet net(config, torch::TensorOptions().device(torch::kMeta));
  return checkpoint::nfnet_to_timm(checkpoint::state_dict_of(*net));
}

int64_t count_elements(const checkpoint::StateDict& weights) {
  int64_t count = 0;
  for (const auto& [name, weight] : weights) count += weight.numel();
  return count;
}

void compare_count(const std::string& name, int64_t actual, const Json& expected, Report& report) {
  report.exact(name, expected == actual,
               "expected " + expected.dump() + ", got " + std::to_string(actual));
}

void compare_size(const std::string& name, const Json& size, Report& report) {
  const vision::NfnetConfig config = dm_config(name, 0);
  const checkpoint::StateDict weights = meta_weights(config);
  compare_count(name + "/parameters_no_classifier", count_elements(weights),
                size.at("parameters_no_classifier"), report);
  compare_count(name + "/parameters_1000_classes",
                count_elements(meta_weights(dm_config(name, 1000))),
                size.at("parameters_1000_classes"), report);
  compare_count(name + "/tensors_no_classifier", static_cast<int64_t>(weights.size()),
                size.at("tensors_no_classifier"), report);
  compare_count(name + "/num_features", config.dim(), size.at("num_features"), report);
  report.exact(name + "/depths", size.at("depths") == Json(config.depths),
               size.at("depths").dump());
  report.exact(name + "/input_size", size.at("input_size").at(1) == Json(config.image_size),
               size.at("input_size").dump());
}

void compare_f0_keys(const std::string& path, Report& report) {
  const Json expected = read_json_file(path);
  Json actual = Json::object();
  for (const auto& [name, weight] : meta_weights(dm_config("dm_nfnet_f0", 1000))) {
    actual[name] = weight.sizes().vec();
  }
  report.exact(path, actual == expected, std::to_string(expected.size()) + " names and shapes");
}

}  // namespace

bool matches_nfnet(const fs::path& folder) {
  const fs::path config = folder / "model" / "config.json";
  if (!fs::is_regular_file(config) || !fs::is_directory(folder / "cases")) return false;
  const Json json = read_json_file(config.string());
  const auto found = json.find("architecture");
  return found != json.end() && found->is_string() &&
         found->get<std::string>().starts_with("dm_nfnet");
}

void compare_nfnet(const fs::path& folder, const Options& /*options*/, Report& report) {
  const torch::NoGradGuard no_grad;
  const std::string config_path = (folder / "model" / "config.json").string();
  vision::Nfnet net(checkpoint::nfnet_config_from_timm(read_json_file(config_path), config_path),
                    torch::kFloat32);
  net->eval();
  const std::string model = (folder / "model").string();
  checkpoint::load_into(*net, checkpoint::nfnet_from_timm(checkpoint::load_state_dict(model)), {},
                        model);
  for (const fs::path& one : case_folders(folder)) {
    const checkpoint::StateDict inputs =
        checkpoint::load_state_dict((one / "inputs.safetensors").string());
    const checkpoint::StateDict expected =
        checkpoint::load_state_dict((one / "expected.safetensors").string());
    compare_tensors(one.string(), results(net, inputs.at("image")), expected, summed_terms(*net),
                    report);
  }
}

bool matches_nfnet_sizes(const fs::path& folder) { return fs::is_regular_file(folder / kSizes); }

void compare_nfnet_sizes(const fs::path& folder, const Options& /*options*/, Report& report) {
  const Json sizes = read_json_file((folder / kSizes).string());
  for (const auto& [name, size] : sizes.items()) compare_size(name, size, report);
  const fs::path keys = folder / kF0Keys;
  if (fs::is_regular_file(keys)) compare_f0_keys(keys.string(), report);
}

}  // namespace flamingo::golden
