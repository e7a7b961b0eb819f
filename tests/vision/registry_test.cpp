#include "flamingo/vision/registry.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <set>

#include "flamingo/core/describe.h"
#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"

namespace flamingo::vision {
namespace {

EncoderConfig read(const Json& json) {
  EncoderConfig config;
  config_from_json(json, config, "test");
  return config;
}

class EveryPreset : public ::testing::TestWithParam<std::string> {
 protected:
  const EncoderConfig config_ = encoder_preset(GetParam());
};

TEST_P(EveryPreset, IsValidAndSurvivesJson) {
  EXPECT_NO_THROW(config_.validate());
  for (const Json& json : {config_.to_json(), config_to_json(config_)}) {
    const EncoderConfig again = read(json);
    EXPECT_EQ(again.name(), config_.name());
    EXPECT_EQ(config_to_json(again), config_to_json(config_));
  }
  EXPECT_EQ(config_.to_json().size(), 1u);
}

TEST_P(EveryPreset, SaysHowItsPicturesWerePrepared) {
  const media::TransformConfig transform = config_.transform();
  EXPECT_EQ(transform.size, config_.image_size());
  EXPECT_NO_THROW(transform.validate());
}

TEST_P(EveryPreset, ChangesItsPictureSizeUnlessThatIsFixed) {
  EncoderConfig config = config_;
  const int64_t size = config.image_size();
  EXPECT_NO_THROW(config.set_image_size(size));
  if (config.has_fixed_image_size()) {
    EXPECT_THROW(config.set_image_size(2 * size), Error);
    EXPECT_EQ(config.image_size(), size);
  } else {
    const int64_t before = config.num_features();
    config.set_image_size(2 * size);
    EXPECT_EQ(config.image_size(), 2 * size);
    EXPECT_GT(config.num_features(), 3 * before);
    EXPECT_THROW(config.set_image_size(-1), Error);
    EXPECT_EQ(config.image_size(), 2 * size);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPreset, ::testing::ValuesIn(encoder_preset_names()),
                         [](const auto& name) {
                           std::string word = name.param;
                           std::ranges::replace(word, '-', '_');
                           return word;
                         });

TEST(Registry, NamesAreDifferent) {
  const auto names = encoder_preset_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  const auto kinds = encoder_kind_names();
  EXPECT_EQ(std::set<std::string>(kinds.begin(), kinds.end()).size(), kinds.size());
  EXPECT_THROW(encoder_preset("nfnet-f7"), Error);
}

TEST(Registry, EveryKindHasPresetsAndIsExplained) {
  std::set<std::string_view> with_presets;
  for (const auto& name : encoder_preset_names()) with_presets.insert(encoder_preset(name).name());
  const auto fields = describe(EncoderConfig());
  for (const auto& kind : encoder_kind_names()) {
    EXPECT_TRUE(with_presets.contains(kind)) << kind;
    EXPECT_GT(fields_of(fields, kind).size(), 3u) << kind;
  }
}

int64_t count_parameters(const EncoderConfig& config) {
  int64_t count = 0;
  const auto encoder = config.make(torch::TensorOptions().device(torch::kMeta));
  for (const auto& parameter : encoder->parameters()) count += parameter.numel();
  return count;
}

/// The preset of a kind that has the fewest parameters.
EncoderConfig smallest_preset(const std::string& kind) {
  EncoderConfig smallest;
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (const auto& name : encoder_preset_names()) {
    const EncoderConfig config = encoder_preset(name);
    if (config.name() != kind || count_parameters(config) >= fewest) continue;
    smallest = config;
    fewest = count_parameters(config);
  }
  return smallest;
}

TEST(Registry, EveryKindGivesTheFeaturesThatItsConfigSays) {
  const torch::NoGradGuard no_grad;
  for (const auto& kind : encoder_kind_names()) {
    EncoderConfig config = smallest_preset(kind);
    if (!config.has_fixed_image_size()) config.set_image_size(70);  // no multiple of a stride
    const auto encoder = config.make(torch::TensorOptions());
    const int64_t S = config.image_size();
    EXPECT_EQ(encoder->forward(torch::zeros({1, 3, S, S})).sizes().vec(),
              (std::vector<int64_t>{1, config.num_features(), config.dim()}))
        << kind;
    EXPECT_EQ(encoder->dim(), config.dim()) << kind;
  }
}

TEST(Registry, ReadsTheFormOfStoredModels) {
  EXPECT_EQ(read({{"nfnet", {{"image_size", 64}}}, {"clip_vit", nullptr}}).image_size(), 64);
  EXPECT_EQ(read({{"nfnet", nullptr}, {"clip_vit", {{"width", 32}}}}).dim(), 32);
}

TEST(Registry, RefusesNoneTwoAndUnknownEncoders) {
  EXPECT_THROW(read(Json::object()).validate(), Error);
  EXPECT_THROW(EncoderConfig().dim(), Error);
  EXPECT_THROW(read({{"nfnet", Json::object()}, {"clip_vit", Json::object()}}), Error);
  EXPECT_THROW(read({{"resnet", Json::object()}}), Error);
}

TEST(Registry, FeaturesArePooledWhereTheKindCan) {
  EncoderConfig config = encoder_preset("efficientnet-lite0");
  config.set_pooled_side(3);
  EXPECT_EQ(config.num_features(), 9);
  EXPECT_THROW(config.set_pooled_side(-1), Error);
  EXPECT_EQ(config.num_features(), 9);
  config = encoder_preset("clip-vit-l-14");
  EXPECT_THROW(config.set_pooled_side(3), Error);
}

TEST(Registry, FeaturesAreProjectedWhereTheKindCan) {
  EncoderConfig config = encoder_preset("efficientnet-lite0");
  config.set_projection_dim(64);
  EXPECT_EQ(config.dim(), 64);
  EXPECT_THROW(config.set_projection_dim(-1), Error);
  EXPECT_EQ(config.dim(), 64);
  config = encoder_preset("clip-vit-l-14");
  EXPECT_THROW(config.set_projection_dim(64), Error);
}

TEST(Registry, TheConfigIsOfOneKind) {
  const EncoderConfig config = encoder_preset("clip-vit-l-14");
  EXPECT_EQ(config.as<ClipVitConfig>()->width, 1024);
  EXPECT_EQ(config.as<NfnetConfig>(), nullptr);
  EXPECT_EQ(encoder_preset("nfnet-f6").as<NfnetConfig>()->depths,
            (std::vector<int64_t>{7, 14, 42, 21}));
}

/// A seed matters to encoders that drop blocks only; the frozen pass is the plain one.
TEST(Registry, TrainingPassesAndFoldingHaveDefaults) {
  const EncoderConfig config = ClipVitConfig{
      .image_size = 16, .patch_size = 8, .width = 16, .layers = 1, .heads = 2, .mlp_width = 24};
  const auto encoder = config.make(torch::TensorOptions());
  nn::init_weights(*encoder, 1);
  const auto pixels = torch::randn({1, 3, 16, 16});
  const auto expected = encoder->forward(pixels);
  encoder->fold(torch::kFloat32);
  EXPECT_TRUE(encoder->forward(pixels, std::vector<uint64_t>{7}).equal(expected));
}

}  // namespace
}  // namespace flamingo::vision
