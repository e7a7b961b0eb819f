#include "flamingo/checkpoint/state_dict.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "flamingo/nn/linear.h"

namespace flamingo::checkpoint {
namespace {

const std::string kGolden = FLAMINGO_GOLDEN_DIR;

class Pair : public torch::nn::Module {
 public:
  Pair()
      : a(register_module("a", nn::Linear(3, 2, true, torch::kFloat32))),
        b(register_module("b", nn::Linear(2, 2, false, torch::kFloat32))) {
    nn::init_weights(*this, 1);
  }
  nn::Linear a, b;
};

std::string temporary(const std::string& name) {
  return (std::filesystem::path(::testing::TempDir()) / name).string();
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(StateDict, SavesAndLoadsInAnyFloatType) {
  Pair original, copy;
  const std::string path = temporary("state_dict_test.safetensors");
  save_state_dict(path, state_dict_of(original), {}, {{"step", "3"}});
  const torch::NoGradGuard no_grad;
  copy.a->weight.zero_();
  const LoadReport report = load_into(copy, load_state_dict(path), {}, path);
  EXPECT_EQ(report.text(), "0 frozen, 3 loaded, 0 missing, 0 unexpected");
  EXPECT_TRUE(copy.a->weight.equal(original.a->weight));

  save_state_dict(path, state_dict_of(original), torch::kBFloat16);
  const StateDict half = load_state_dict(path);
  EXPECT_EQ(half.at("a.weight").scalar_type(), torch::kBFloat16);
  load_into(copy, half, {}, path);
  EXPECT_TRUE(copy.a->weight.equal(original.a->weight.to(torch::kBFloat16).to(torch::kFloat32)));
}

TEST(StateDict, RefusesOddTypesWhenTheyAreUsed) {
  const StateDict odd = load_state_dict(kGolden + "/torch-zip/odd.pt");
  EXPECT_EQ(odd.at("w").sizes(), at::IntArrayRef({3}));
  EXPECT_EQ(odd.at("u16").scalar_type(), torch::kUInt16);
  Pair pair;
  StateDict weights = state_dict_of(pair);
  weights["a.bias"] = odd.at("f8");
  EXPECT_NE(error_of([&] { load_into(pair, weights); }).find("got F8_E4M3"), std::string::npos)
      << error_of([&] { load_into(pair, weights); });
}

TEST(StateDict, LeavesOutWhatNobodyReads) {
  const std::string path = kGolden + "/torch-zip/foreign.pt";
  EXPECT_NE(error_of([&] { load_state_dict(path); }).find("array] expected a plain tensor"),
            std::string::npos)
      << error_of([&] { load_state_dict(path); });
  const auto weights =
      load_state_dict(path, [](const std::string& name) { return name.starts_with("model."); });
  EXPECT_EQ(strip_prefix(weights, "model.").size(), 2u);
}

TEST(StateDict, KeepsNonContiguousAndIntegerTensors) {
  const std::string path = temporary("state_dict_odd.safetensors");
  const auto odd = torch::arange(6).view({2, 3}).t();
  const auto flags = torch::tensor({true, false, true});
  save_state_dict(path, {{"odd", odd}, {"flags", flags}, {"empty", torch::empty({0, 2})}},
                  torch::kBFloat16);
  const StateDict read = load_state_dict(path);
  EXPECT_TRUE(read.at("odd").equal(odd));
  EXPECT_TRUE(read.at("flags").equal(flags));
  EXPECT_EQ(read.at("empty").sizes().vec(), (std::vector<int64_t>{0, 2}));
}

TEST(StateDict, TensorsOutliveTheirFile) {
  const std::string path = temporary("state_dict_alive.safetensors");
  save_state_dict(path, {{"x", torch::full({1000}, 3.0)}});
  const at::Tensor x = load_state_dict(path).at("x");
  std::filesystem::remove(path);
  EXPECT_EQ(x.sum().item<float>(), 3000.0F);
}

TEST(StateDict, ReadsPickledFiles) {
  const StateDict pickled =
      load_state_dict(kGolden + "/clip-vit-tiny/gelu/open_clip/open_clip_pytorch_model.bin");
  const StateDict safe =
      load_state_dict(kGolden + "/clip-vit-tiny/gelu/open_clip/open_clip_model.safetensors");
  ASSERT_EQ(pickled.size(), safe.size());
  for (const auto& [name, weight] : safe) EXPECT_TRUE(pickled.at(name).equal(weight)) << name;
}

TEST(StateDict, ListsOnlyTrainedParametersOnRequest) {
  Pair pair;
  pair.a->weight.set_requires_grad(false);
  EXPECT_EQ(state_dict_of(pair).size(), 3U);
  EXPECT_EQ(state_dict_of(pair, true).count("a.weight"), 0U);
}

TEST(LoadInto, RulesLetFrozenAndIgnoredPass) {
  Pair pair;
  StateDict weights = state_dict_of(pair);
  weights.erase("b.weight");
  weights.emplace("rotary.inv_freq", torch::zeros({2}));
  const LoadReport report = load_into(pair, weights, {.elsewhere = {"b."}, .ignored = {"rotary."}});
  EXPECT_EQ(report.text(), "1 frozen, 2 loaded, 0 missing, 0 unexpected");
}

TEST(LoadInto, NamesGapsAndChangesNothing) {
  Pair pair;
  const auto before = pair.a->weight.detach().clone();
  StateDict weights = {{"a.weight", torch::zeros({2, 3})}};
  EXPECT_NE(error_of([&] { load_into(pair, weights); }).find("2 weights (a.bias, b.weight)"),
            std::string::npos);
  weights = state_dict_of(Pair());
  for (int i = 0; i < 12; ++i) weights.emplace("extra" + std::to_string(i), torch::zeros({1}));
  const std::string error = error_of([&] { load_into(pair, weights); });
  EXPECT_NE(error.find("12 weights (extra0, extra1, extra10"), std::string::npos) << error;
  EXPECT_NE(error.find(", ...)"), std::string::npos) << error;
  EXPECT_TRUE(pair.a->weight.equal(before));
}

TEST(LoadInto, RefusesShapesNonFiniteNumbersAndMeta) {
  Pair pair;
  StateDict weights = state_dict_of(Pair());
  weights["a.weight"] = torch::zeros({3, 2});
  EXPECT_NE(error_of([&] { load_into(pair, weights, {}, "x.st"); }).find("[2, 3], got [3, 2]"),
            std::string::npos);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    weights["a.weight"] = torch::full({2, 3}, bad);
    EXPECT_NE(error_of([&] { load_into(pair, weights, {}, "x.st"); }).find("a.weight"),
              std::string::npos);
  }
  nn::Linear meta(2, 2, false, torch::TensorOptions().device(torch::kMeta));
  EXPECT_THROW(load_into(*meta, {{"weight", torch::zeros({2, 2})}}), Error);
}

TEST(LoadStateDict, NamesMissingAndDamagedFiles) {
  EXPECT_THROW(load_state_dict(temporary("none.safetensors")), Error);
  const std::string path = temporary("state_dict_damaged.safetensors");
  std::ofstream(path) << "not a checkpoint";
  EXPECT_NE(error_of([&] { load_state_dict(path); }).find(path), std::string::npos);
}

TEST(StripPrefix, TakesOnlyMatchingNames) {
  const auto x = torch::zeros({1});
  const StateDict stripped =
      strip_prefix({{"model.a", x}, {"model.b.c", x}, {"modem", x}, {"a", x}}, "model.");
  ASSERT_EQ(stripped.size(), 2U);
  EXPECT_TRUE(stripped.contains("b.c"));
}

}  // namespace
}  // namespace flamingo::checkpoint
