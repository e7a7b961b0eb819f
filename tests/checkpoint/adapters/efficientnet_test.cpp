#include "flamingo/checkpoint/adapters/efficientnet.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/vision/convnet.h"
#include "tests/checkpoint/config_damage.h"
#include "tests/core/temporary_folder.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

const std::string kTiny = std::string(FLAMINGO_GOLDEN_DIR) + "/efficientnet-tiny";
const std::string kPypi = kTiny + "/pypi/model/pytorch_model.bin";
const std::string kTimm = kTiny + "/timm/model/model.safetensors";

/// The message of the Error that `read` throws; fails where it throws none.
template <class Read>
std::string refusal_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected an Error";
  return {};
}

class EfficientNetGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(EfficientNetGolden, MatchesThePeer) {
  const torch::NoGradGuard no_grad;
  const std::string folder = kTiny + "/" + GetParam();
  const auto files = read_efficientnet(folder + "/model");
  ASSERT_TRUE(files.has_value());
  vision::EfficientNet net(*files->config.as<vision::EfficientNetConfig>(), torch::kFloat32);
  const LoadReport report = load_into(*net, files->weights);
  EXPECT_EQ(report.unexpected + report.missing, 0);
  const testing::Rounding rounding{.terms = testing::summed_terms(*net)};
  int64_t compared = 0;
  for (const auto& one : fs::directory_iterator(folder + "/cases")) {
    const auto image = load_state_dict(one.path() / "inputs.safetensors").at("image");
    const StateDict expected = load_state_dict(one.path() / "expected.safetensors");
    const auto expect_close = [&](const std::string& name, const torch::Tensor& got) {
      ++compared;
      EXPECT_TRUE(testing::agree(got, expected.at(name), rounding)) << one.path() << " " << name;
    };
    const auto map = net->feature_map(image, expect_close);
    expect_close("logits", net->classify(vision::grid_to_patches(map)));
    EXPECT_TRUE(net->forward(image).equal(vision::grid_to_patches(map)));
    EXPECT_EQ(static_cast<size_t>(compared) % expected.size(), 0u);
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(BothNames, EfficientNetGolden, ::testing::Values("pypi", "timm"));

/// The two fixtures are one net, whose weights 16 bits hold.
TEST(EfficientNetAdapter, BothNamesGiveTheSameWeights) {
  const StateDict pypi = efficientnet_weights(load_state_dict(kPypi), "pypi");
  const StateDict timm = efficientnet_weights(load_state_dict(kTimm), "timm");
  ASSERT_EQ(pypi.size(), timm.size());
  for (const auto& [name, weight] : pypi) {
    EXPECT_TRUE(weight.to(torch::kFloat64).equal(timm.at(name).to(torch::kFloat64))) << name;
  }
}

TEST(EfficientNetAdapter, FoldsTheNormOfTheStem) {
  StateDict weights = load_state_dict(kPypi);
  const StateDict ours = efficientnet_weights(weights, "pypi");
  const auto x = torch::randn({1, 3, 9, 9}, torch::kFloat64);
  const auto wide = [&](const char* name) { return weights.at(name).to(torch::kFloat64); };
  const auto expected = at::batch_norm(
      at::conv2d(x, wide("_conv_stem.weight")), wide("_bn0.weight"), wide("_bn0.bias"),
      wide("_bn0.running_mean"), wide("_bn0.running_var"), false, 0, 1e-3, false);
  const auto got = at::conv2d(x, ours.at("stem.weight").to(torch::kFloat64),
                              ours.at("stem.bias").to(torch::kFloat64));
  // Rounded to 32 bits once.
  EXPECT_TRUE(testing::agree(got, expected, {.terms = 28, .type = torch::kFloat32}));
}

TEST(EfficientNetAdapter, TheConfigIsReadOffTheWeights) {
  const StateDict weights = efficientnet_weights(load_state_dict(kTimm), "timm");
  const vision::EfficientNetConfig config = efficientnet_config(weights, "timm", 48);
  EXPECT_EQ(config.depths, (std::vector<int64_t>{1, 2, 2, 2, 2, 3, 1}));
  EXPECT_EQ(config.widths, (std::vector<int64_t>{8, 8, 8, 16, 24, 32, 56}));
  EXPECT_EQ(config.kernels, (std::vector<int64_t>{3, 3, 5, 3, 5, 5, 3}));
  EXPECT_EQ(config.expansions, (std::vector<int64_t>{1, 6, 6, 6, 6, 6, 6}));
  EXPECT_EQ(config.image_size, 48);
  EXPECT_EQ(config.num_classes, 10);
}

/// A net of a published size as timm names it, of a few weights: those of a stage are one tensor.
StateDict named_as_timm(const vision::EfficientNetConfig& config) {
  StateDict timm;
  const auto add = [&](const std::string& conv, const std::string& norm, at::IntArrayRef shape) {
    timm[conv + ".weight"] = torch::zeros(shape);
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"})
      timm[norm + part] = torch::zeros({shape[0]});
  };
  add("conv_stem", "bn1", {config.stem_width, 3, 3, 3});
  const auto stages = config.stages();
  for (size_t s = 0; s < stages.size(); ++s) {
    for (size_t b = 0; b < stages[s].size(); ++b) {
      const std::string at = "blocks." + std::to_string(s) + "." + std::to_string(b) + ".";
      const auto& [in, out, kernel, stride, expansion] = stages[s][b];
      const int64_t hidden = stages[s][b].hidden();
      if (expansion > 1) add(at + "conv_pw", at + "bn1", {hidden, in, 1, 1});
      add(at + "conv_dw", at + (expansion > 1 ? "bn2" : "bn1"), {hidden, 1, kernel, kernel});
      add(at + (expansion > 1 ? "conv_pwl" : "conv_pw"), at + (expansion > 1 ? "bn3" : "bn2"),
          {out, hidden, 1, 1});
    }
  }
  add("conv_head", "bn2", {config.final_width, stages.back().back().out, 1, 1});
  return timm;
}

TEST(EfficientNetAdapter, KnowsThePublishedSizesWithoutAConfig) {
  for (const auto& [name, config] : vision::EfficientNetConfig::presets()) {
    const StateDict ours = efficientnet_weights(named_as_timm(config), name);
    EXPECT_EQ(config_to_json(efficientnet_config(ours, name)), config_to_json(config)) << name;
  }
}

TEST(EfficientNetAdapter, SaysWhatIsMissingMisshapenOrUnknown) {
  StateDict weights = load_state_dict(kTimm);
  const auto refusal = [](const StateDict& changed) {
    return refusal_of([&] { efficientnet_weights(changed, "file"); });
  };
  auto without = weights;
  without.erase("blocks.2.1.bn3.running_mean");
  EXPECT_NE(refusal(without).find("blocks.2.1.bn3.running_mean"), std::string::npos);
  auto narrow = weights;
  narrow["bn2.bias"] = torch::zeros({7});
  EXPECT_NE(refusal(narrow).find("bn2.bias of 1280 channels, got 7"), std::string::npos);
  auto flat = weights;
  flat["conv_stem.weight"] = torch::zeros({32, 27});
  EXPECT_NE(refusal(flat).find("[32, 27]"), std::string::npos);
  auto more = weights;
  more["blocks.0.0.se.conv_reduce.weight"] = torch::zeros({8, 32, 1, 1});
  EXPECT_TRUE(efficientnet_weights(more, "file").contains("blocks.0.0.se.conv_reduce.weight"));
}

TEST(EfficientNetAdapter, RefusesUnknownSizes) {
  StateDict weights = efficientnet_weights(load_state_dict(kTimm), "file");
  const auto refusal = [&] { return refusal_of([&] { efficientnet_config(weights, "file"); }); };
  EXPECT_NE(refusal().find("efficientnet-lite0 to lite4, got [8,8,8,16,24,32,56]"),
            std::string::npos);
  std::erase_if(weights, [](const auto& item) { return item.first.starts_with("stages.6."); });
  EXPECT_NE(refusal().find("7 stages, got 6"), std::string::npos);
}

/// The side of the fixture's pictures, or of a lone file's: none is published for its widths.
TEST(EfficientNetAdapter, ReadsFoldersAndFiles) {
  const auto folder = read_efficientnet(kTiny + "/timm/model");
  ASSERT_TRUE(folder.has_value());
  EXPECT_EQ(folder->config.image_size(), 48);
  EXPECT_EQ(folder->transform.size, 48);
  EXPECT_EQ(folder->transform.filter, media::ResizeFilter::kBilinear);
  EXPECT_EQ(folder->transform.mean, (std::vector<float>{0.5F, 0.5F, 0.5F}));
  EXPECT_EQ(folder->hash.size(), 64u);
  EXPECT_NE(refusal_of([] { read_efficientnet(kPypi); }).find("config.json"), std::string::npos);

  const TemporaryFolder own;
  const auto lite0 = vision::efficientnet_preset("efficientnet-lite0");
  save_state_dict(own.file("lite0.safetensors"), named_as_timm(lite0));
  const auto file = read_efficientnet(own.file("lite0.safetensors"));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(config_to_json(file->config), config_to_json(vision::EncoderConfig(lite0)));

  EXPECT_FALSE(read_efficientnet(own.path()).has_value());
  fs::copy(kPypi, own.file("a.pth"));
  EXPECT_THROW(read_efficientnet(own.path()), Error);  // read, and of no published size
  fs::copy(kPypi, own.file("b.pth"));
  EXPECT_FALSE(read_efficientnet(own.path()).has_value());
  EXPECT_FALSE(read_efficientnet(own.file("none")).has_value());
}

TEST(EfficientNetAdapter, AnEncoderHasNoClassifier) {
  for (const char* names : {"/pypi/model", "/timm/model"}) {
    const EncoderFiles files = read_encoder(kTiny + names);
    const auto encoder = files.config.make(torch::kFloat32);
    EXPECT_EQ(load_into(*encoder, files.weights).missing, 0);
    EXPECT_EQ(encoder->forward(torch::zeros({1, 3, 48, 48})).sizes().vec(),
              (std::vector<int64_t>{1, files.config.num_features(), 1280}));
  }
}

Json timm_json() { return read_json_file(kTiny + "/timm/model/config.json"); }

void read_timm_efficientnet(const std::string& text) {
  efficientnet_from_timm_config(parse_json(text, "config.json"), "config.json");
}

TEST(EfficientNetAdapter, RefusesOtherEfficientNetsAndPassesOtherNets) {
  Json json = timm_json();
  json["architecture"] = "tf_efficientnet_b0";
  EXPECT_THROW(efficientnet_from_timm_config(json, "config.json"), Error);
  json["architecture"] = "resnet50";
  EXPECT_FALSE(efficientnet_from_timm_config(json, "config.json").has_value());
  EXPECT_FALSE(efficientnet_from_timm_config(Json::array(), "config.json").has_value());
  json = timm_json();
  json["pretrained_cfg"]["input_size"] = {3, 48, 64};
  EXPECT_THROW(efficientnet_from_timm_config(json, "config.json"), Error);
  json["pretrained_cfg"] = 3;
  EXPECT_THROW(efficientnet_from_timm_config(json, "config.json"), Error);
}

TEST(EfficientNetAdapter, ConfigSurvivesDamage) {
  testing::expect_survives_damage(timm_json().dump(), read_timm_efficientnet);
}

TEST(EfficientNetAdapter, ConfigNamesNumbersOutOfRange) {
  testing::expect_names_bad_numbers(timm_json(), read_timm_efficientnet);
}

}  // namespace
}  // namespace flamingo::checkpoint
