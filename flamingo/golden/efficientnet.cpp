#include "flamingo/vision/efficientnet.h"

#include <torch/types.h>

#include <optional>

#include "flamingo/checkpoint/adapters/efficientnet.h"
#include "flamingo/core/config.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/summed_terms.h"
#include "flamingo/golden/tensors.h"
#include "flamingo/vision/convnet.h"

#ifdef FLAMINGO_MEDIA
#include "flamingo/media/image.h"
#include "flamingo/media/transform.h"
#endif

namespace flamingo::golden {
namespace {

/// What logits of a photograph may differ by from another implementation's, which decoded and
/// resized it itself.
constexpr double kPhotoLogits = 1e-4;

/// Every intermediate result of one picture batch [N, 3, h, w], by the fixture's names.
checkpoint::StateDict efficientnet_results(vision::EfficientNet& net, const at::Tensor& image) {
  checkpoint::StateDict values;
  const auto map = net->feature_map(image, [&](const std::string& name, const at::Tensor& value) {
    values.emplace(name, value);
  });
  values.emplace("logits", net->classify(vision::grid_to_patches(map)));
  return values;
}

/// The picture beside a case's tensors, or nothing.
std::optional<fs::path> picture_of(const fs::path& one) {
  for (const auto& entry : fs::directory_iterator(one)) {
    if (entry.path().stem() == "picture") return entry.path();
  }
  return {};
}

#ifdef FLAMINGO_MEDIA

/// Decodes, resizes and classifies a picture as published weights want it.
void compare_photo(vision::EfficientNet& net, const fs::path& picture,
                   const media::TransformConfig& transform, const at::Tensor& expected,
                   Report& report) {
  auto pixels = media::transform_image(media::load_image(picture.string()), transform);
  const auto image =
      torch::from_blob(pixels.values.data(), {1, 3, pixels.size, pixels.size}, torch::kFloat32);
  report.close(picture.string() + "/logits",
               max_difference(net->classify(net->forward(image)), expected), kPhotoLogits);
}

#else

void compare_photo(vision::EfficientNet& /*net*/, const fs::path& picture,
                   const media::TransformConfig& /*transform*/, const at::Tensor& /*expected*/,
                   Report& report) {
  report.not_supported(picture.string(), "built without pictures (FLAMINGO_MEDIA=OFF)");
}

#endif

bool has_lone_weights(const fs::path& folder) {
  if (!fs::is_directory(folder)) return false;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".pth") return true;
  }
  return false;
}

}  // namespace

bool matches_efficientnet(const fs::path& folder) {
  if (!fs::is_directory(folder / "cases")) return false;
  const fs::path config = folder / "model" / "config.json";
  if (!fs::is_regular_file(config)) return has_lone_weights(folder / "model");
  const Json json = read_json_file(config.string());
  const auto found = json.find("architecture");
  return found != json.end() && found->is_string() &&
         found->get<std::string>().find("efficientnet") != std::string::npos;
}

void compare_efficientnet(const fs::path& folder, const Options& /*options*/, Report& report) {
  const torch::NoGradGuard no_grad;
  const std::string model = (folder / "model").string();
  const auto files = checkpoint::read_efficientnet(model);
  if (!files) fail(model, "expected an EfficientNet-Lite, got something else");
  vision::EfficientNet net(*files->config.as<vision::EfficientNetConfig>(), torch::kFloat32);
  net->eval();
  checkpoint::load_into(*net, files->weights, {}, model);
  for (const fs::path& one : case_folders(folder)) {
    const checkpoint::StateDict inputs =
        checkpoint::load_state_dict((one / "inputs.safetensors").string());
    const checkpoint::StateDict expected =
        checkpoint::load_state_dict((one / "expected.safetensors").string());
    compare_tensors(one.string(), efficientnet_results(net, inputs.at("image")), expected,
                    summed_terms(*net), report);
    if (const auto picture = picture_of(one))
      compare_photo(net, *picture, files->transform, expected.at("logits"), report);
  }
}

}  // namespace flamingo::golden
