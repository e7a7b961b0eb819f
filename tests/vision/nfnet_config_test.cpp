#include "flamingo/vision/nfnet_config.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "flamingo/core/config.h"
#include "flamingo/vision/nfnet.h"

namespace flamingo::vision {
namespace {

int64_t count_parameters(const NfnetConfig& config) {
  const Nfnet net(config, torch::TensorOptions().device(torch::kMeta));
  int64_t count = 0;
  for (const auto& parameter : net->parameters()) count += parameter.numel();
  return count;
}

TEST(NfnetPreset, CountsOfTheFSeriesAreThePaperS) {
  const int64_t without_classifier[] = {68'416'284,  129'561'256, 190'706'228, 251'851'200,
                                        312'996'172, 374'141'144, 435'286'116};
  for (int k = 0; k < 7; ++k) {
    NfnetConfig config = nfnet_preset("nfnet-f" + std::to_string(k));
    EXPECT_EQ(count_parameters(config), without_classifier[k]) << k;
    config.num_classes = 1000;
    EXPECT_EQ(count_parameters(config), without_classifier[k] + 3'073'000) << k;
  }
}

TEST(NfnetPreset, PictogramHasAboutThreeMillion) {
  const NfnetConfig config = nfnet_preset("nfnet-pictogram");
  EXPECT_NEAR(static_cast<double>(count_parameters(config)), 3.2e6, 0.15e6);
  EXPECT_EQ(config.dim(), 512);
  EXPECT_EQ(config.image_size, 64);
}

TEST(NfnetPreset, RefusesUnknownNames) {
  EXPECT_THROW(nfnet_preset("nfnet-f9"), Error);
  for (const auto& [name, config] : NfnetConfig::presets())
    EXPECT_NO_THROW(config.validate()) << name;
}

TEST(NfnetConfig, JsonRoundTrip) {
  const NfnetConfig config = nfnet_preset("nfnet-pictogram");
  NfnetConfig read;
  config_from_json(config_to_json(config), read, "test");
  EXPECT_EQ(config_to_json(read), config_to_json(config));
}

TEST(NfnetConfig, ValidateNamesWhatIsWrong) {
  NfnetConfig config;
  config.depths.pop_back();
  EXPECT_THROW(config.validate(), Error);
  config = {};
  config.activation = Activation::kSquaredRelu;
  EXPECT_THROW(config.validate(), Error);
  config = {};
  config.stochastic_depth = 1.0;
  EXPECT_THROW(config.validate(), Error);
  config = {};
  config.widths[2] = -8;
  EXPECT_THROW(config.validate(), Error);
}

TEST(ActivationGain, GivesUnitVariance) {
  const auto x = torch::randn({1 << 20});
  for (const Activation kind :
       {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu, Activation::kSilu}) {
    // The variance of n draws is off by sqrt((kurtosis - 1) / n): 6 of these at a kurtosis
    // below 20.
    EXPECT_NEAR((nn::activate(kind, x) * activation_gain(kind)).var().item<double>(), 1.0,
                6 * std::sqrt(19.0 / x.numel()));
  }
}

}  // namespace
}  // namespace flamingo::vision
