#include "flamingo/checkpoint/adapters/timm_nfnet.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/vision/convnet.h"
#include "flamingo/vision/nfnet.h"
#include "tests/checkpoint/config_damage.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::checkpoint {
namespace {

const std::string kGolden = std::string(FLAMINGO_GOLDEN_DIR) + "/nfnet-tiny";

Json config_json(const std::string& variant) {
  return read_json_file(kGolden + "/" + variant + "/model/config.json");
}

class NfnetGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(NfnetGolden, MatchesThePeer) {
  const torch::NoGradGuard no_grad;
  const std::string folder = kGolden + "/" + GetParam();
  vision::Nfnet net(nfnet_config_from_timm(config_json(GetParam()), "config.json"),
                    torch::kFloat32);
  const LoadReport report =
      load_into(*net, nfnet_from_timm(load_state_dict(folder + "/model/model.safetensors")));
  EXPECT_EQ(report.unexpected + report.missing, 0);
  const testing::Rounding rounding{.terms = testing::summed_terms(*net)};
  const auto expect_close = [&](const torch::Tensor& actual, const torch::Tensor& expected,
                                const std::string& name) {
    EXPECT_TRUE(testing::agree(actual, expected, rounding)) << name;
  };
  for (const std::string size : {"2x64x64", "1x71x45", "1x33x96"}) {
    const auto image =
        load_state_dict(folder + "/cases/" + size + "/inputs.safetensors").at("image");
    const StateDict expected = load_state_dict(folder + "/cases/" + size + "/expected.safetensors");
    const auto map =
        net->feature_map(image, {}, [&](const std::string& name, const torch::Tensor& x) {
          expect_close(x, expected.at(name), size + " " + name);
        });
    expect_close(map.mean({2, 3}), expected.at("pooled"), size + " pooled");
    if (!expected.contains("logits")) continue;
    expect_close(net->classify(vision::grid_to_patches(map)), expected.at("logits"),
                 size + " logits");
  }
}

INSTANTIATE_TEST_SUITE_P(AllForms, NfnetGolden, ::testing::Values("features", "classifier"));

TEST(TimmNfnet, NamesAndShapesOfF0) {
  vision::NfnetConfig config = as_timm(vision::nfnet_preset("nfnet-f0"));
  config.num_classes = 1000;
  const vision::Nfnet net(config, torch::TensorOptions().device(torch::kMeta));
  Json actual = Json::object();
  for (const auto& [name, weight] : nfnet_to_timm(state_dict_of(*net)))
    actual[name] = weight.sizes().vec();
  EXPECT_EQ(actual, read_json_file(kGolden + "/dm_nfnet_f0.keys.json"));
}

TEST(TimmNfnet, ThereAndBack) {
  const StateDict timm = load_state_dict(kGolden + "/features/model/model.safetensors");
  const StateDict back = nfnet_to_timm(nfnet_from_timm(timm));
  ASSERT_EQ(back.size(), timm.size());
  for (const auto& [name, weight] : timm) EXPECT_TRUE(back.at(name).equal(weight)) << name;
}

TEST(TimmNfnet, RefusesOtherNets) {
  Json json = config_json("features");
  json["model_args"]["skipinit"] = false;
  EXPECT_THROW(nfnet_config_from_timm(json, "config.json"), Error);
  EXPECT_THROW(nfnet_config_from_timm(Json::object(), "config.json"), Error);
  json = config_json("features");
  json["num_classes"] = "many";
  EXPECT_THROW(nfnet_config_from_timm(json, "config.json"), Error);
  EXPECT_THROW(nfnet_from_timm({{"stages.0.0.attn_last.fc1.weight", torch::zeros({2, 2, 3, 3})}}),
               Error);
}

void read_timm_config(const std::string& text) {
  nfnet_config_from_timm(parse_json(text, "config.json"), "config.json");
}

TEST(TimmNfnet, ConfigSurvivesDamage) {
  testing::expect_survives_damage(read_file(kGolden + "/classifier/model/config.json", 1 << 20),
                                  read_timm_config);
}

TEST(TimmNfnet, ConfigNamesNumbersOutOfRange) {
  testing::expect_names_bad_numbers(config_json("classifier"), read_timm_config);
}

}  // namespace
}  // namespace flamingo::checkpoint
