#include "flamingo/model/freeze.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/model/tiny_flamingo.h"

namespace flamingo::model {
namespace {

/// First segments of the names, each once; additional tokens under their own.
std::vector<std::string> trainable_parts(const Flamingo& model) {
  std::vector<std::string> parts;
  for (const auto& name : trainable_names(*model)) {
    const auto part =
        name.find("additional") != std::string::npos ? name : name.substr(0, name.find('.'));
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

using Parts = std::vector<std::string>;

TEST(Freeze, ThePapersSplit) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  freeze(model, Trainable{});
  EXPECT_EQ(trainable_parts(model),
            (Parts{"lm.embed_tokens.additional_embedding.weight", "lm.lm_head.additional_fc.weight",
                   "resampler", "xattn"}));
}

TEST(Freeze, EveryPartByItself) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  const Trainable none{.resampler = false, .xattn = false, .additional_tokens = false};
  freeze(model, none);
  EXPECT_EQ(trainable_parts(model), Parts{});
  auto vision = none;
  vision.vision = true;
  freeze(model, vision);
  EXPECT_EQ(trainable_parts(model), Parts{"vision_encoder"});
  auto lm = none;
  lm.lm = true;
  freeze(model, lm);
  EXPECT_EQ(trainable_parts(model), Parts{"lm"});
}

}  // namespace
}  // namespace flamingo::model
