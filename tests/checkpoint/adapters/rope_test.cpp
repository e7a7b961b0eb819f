#include "flamingo/checkpoint/adapters/rope.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/core/error.h"
#include "flamingo/nn/rotary.h"
#include "tests/lm/tiny_models.h"
#include "tests/support/rounding.h"

namespace flamingo::checkpoint {
namespace {

using testing::rounding;

const std::string kFolder = std::string(FLAMINGO_GOLDEN_DIR) + "/rope/";
constexpr int64_t kHeadDim = 16;
constexpr int64_t kContext = 512;

RopeSettings read(const Json& json) { return rope_from_json(json, kHeadDim, kContext, "c.json"); }

std::string error_of(const Json& json) {
  try {
    read(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Json rope(Json fields) { return {{"rope_parameters", std::move(fields)}}; }

class RopeOfTransformers : public ::testing::TestWithParam<const char*> {};

TEST_P(RopeOfTransformers, GivesThePeersFrequencies) {
  const Json all = read_json_file(kFolder + "frequencies.json");
  for (const Json& item : all["cases"]) {
    Json fields = item["rope"], json;
    if (std::string(GetParam()) == "rope_scaling") {  // as transformers 4 writes it
      json["rope_theta"] = fields["rope_theta"];
      fields.erase("rope_theta");
      std::swap(fields["type"], fields["rope_type"]);
      fields.erase("rope_type");
    }
    json[GetParam()] = fields;
    const RopeSettings settings = read(json);
    const auto got = nn::rotary_frequencies({kHeadDim, settings.base, settings.scaling});
    const auto expected = torch::tensor(item["frequencies"].get<std::vector<double>>());
    // A power, a ramp and divisions in fp32, some in another order; a logarithm and three
    // operations in double.
    EXPECT_LT(((got - expected).abs() / expected).max().item<double>(), rounding<float>(8, 1))
        << item["name"] << got;
    const auto magnitude = item["magnitude"].get<double>();
    EXPECT_NEAR(settings.scaling.magnitude, magnitude, rounding<double>(4, magnitude))
        << item["name"];
  }
}

INSTANTIATE_TEST_SUITE_P(Fields, RopeOfTransformers,
                         ::testing::Values("rope_parameters", "rope_scaling"));

TEST(Rope, ReadsWhatIsThere) {
  EXPECT_EQ(read(Json::object()).base, 10000.0);
  EXPECT_EQ(read({{"rope_theta", 5e5}}).base, 5e5);
  EXPECT_EQ(read({{"rope_theta", 5e5}, {"rope_scaling", nullptr}}).base, 5e5);
  EXPECT_EQ(read({{"rope_theta", 5e5}, {"rope_parameters", {{"rope_theta", 7e5}}}}).base, 7e5);
  EXPECT_TRUE(read(rope({{"rope_type", "default"}})).scaling.divisors.empty());
  EXPECT_EQ(read(rope({{"rope_type", "linear"}, {"factor", 4}})).scaling.divisors,
            std::vector<double>(8, 4.0));
  const Json linear = {{"rope_type", "linear"}, {"factor", 4}};
  EXPECT_NO_THROW(read({{"rope_scaling", linear}, {"rope_parameters", linear}}));
  EXPECT_NO_THROW(read(rope({{"rope_type", "default"}, {"partial_rotary_factor", 1.0}})));
  EXPECT_NO_THROW(read(rope({{"rope_type", "default"}, {"factor", 1.0}})));
  const Json yarn = {{"type", "yarn"}, {"factor", 16}, {"finetuned", true}};  // as YaRN's authors
  EXPECT_NO_THROW(read({{"rope_scaling", yarn}}));
}

TEST(Rope, RefusesByNameWhatItCannotCompute) {
  const auto refused = [](const Json& json, const std::string& part) {
    EXPECT_NE(error_of(json).find(part), std::string::npos) << error_of(json);
  };
  for (const char* type : {"longrope", "su", "proportional", "axial", "mrope", "new"})
    refused(rope({{"rope_type", type}, {"factor", 2}}), std::string("got \"") + type);
  refused(rope({{"rope_type", "linear"}}), "expected factor, got none");
  refused(rope({{"rope_type", "linear"}, {"factor", 0}}), "factor");
  refused(rope({{"rope_type", "linear"}, {"factor", "four"}}), "factor");
  refused(rope({{"rope_type", "default"}, {"factor", 2}}), "c.json.rope_parameters.factor");
  refused(rope({{"rope_type", "linear"}, {"factor", 2}, {"mrope_section", {1, 2}}}),
          "mrope_section");
  refused(rope({{"rope_type", "default"}, {"partial_rotary_factor", 0.5}}),
          "partial_rotary_factor");
  refused(rope({{"rope_type", "default"}, {"rope_theta", 0.5}}), "rope_theta");
  refused(rope({{"full_attention", {{"rope_type", "default"}}}}), "full_attention");
  refused(rope({{"rope_type", "llama3"}, {"factor", 8}, {"low_freq_factor", 4}}),
          "high_freq_factor");
  refused(rope({{"rope_type", "llama3"},
                {"factor", 8},
                {"low_freq_factor", 4},
                {"high_freq_factor", 4}}),
          "low_freq_factor below");
  refused({{"rope_scaling", {{"rope_type", "linear"}, {"factor", 2}}},
           {"rope_parameters", {{"rope_type", "linear"}, {"factor", 4}}}},
          "the same as in rope_scaling");
  refused({{"rope_scaling", "linear"}}, "expected an object");
}

class RopeOfGguf : public ::testing::TestWithParam<const char*> {};

TEST_P(RopeOfGguf, LogitsAndGreedyIdsMatchThePeers) {
  const torch::NoGradGuard no_grad;
  const std::string folder = kFolder + GetParam() + "/", path = folder + "model.gguf";
  const auto lm = make_decoder(read_gguf_llama(io::Gguf::open(path), torch::kFloat32, path),
                               lm::WeightOptions::of(torch::kFloat32), path)
                      .decoder;
  const auto ids = load_state_dict(folder + "inputs.safetensors").at("input_ids");
  const auto expected = load_state_dict(folder + "expected.safetensors");
  lm::KvCache cache;
  auto logits = lm->forward(ids, {}, &cache);
  const auto wanted = expected.at("logits");
  // Two layers of sums of up to 32 terms in fp32; a frequency that is off gives 0.1 and more.
  EXPECT_LT(((logits - wanted).norm() / wanted.norm()).item<double>(), 64 * 0x1p-23);
  std::vector<torch::Tensor> generated;
  for (int i = 0; i < 8; ++i) {
    generated.push_back(logits.select(1, -1).argmax(-1, true));
    logits = lm->forward(generated.back(), {}, &cache);
  }
  EXPECT_TRUE(torch::cat(generated, 1).equal(expected.at("generated_ids")));
}

INSTANTIATE_TEST_SUITE_P(Files, RopeOfGguf,
                         ::testing::Values("linear-factor", "linear-old", "none", "yarn",
                                           "freq-factors"));

}  // namespace
}  // namespace flamingo::checkpoint
