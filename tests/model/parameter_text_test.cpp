#include <gtest/gtest.h>

#include "flamingo/model/parameter_table.h"

namespace flamingo::model {
namespace {

ParameterTable small_table() {
  return {.name = "small",
          .parts = {{"language model", 1'374'389'534, 0, "1.4B"}, {"total", 1'374'389'534, 12, ""}},
          .weights = {{"lm.layers.*.norm.weight", {8, 4}, 24, true}},
          .readings = {{"one reading", 5, "6"}},
          .memory = {{"inference, bf16", 2'500'000'000}}};
}

TEST(ParameterText, SaysEverything) {
  const std::string text = to_text(small_table());
  for (const char* piece : {"small\n", "1374389534", "1.37B", "1.4B", "lm.layers.*.norm.weight",
                            "[8, 4]", "trained", "one reading", "2.50 GB"}) {
    EXPECT_NE(text.find(piece), std::string::npos) << piece << " in\n" << text;
  }
}

TEST(ParameterText, JsonHoldsTheSame) {
  const Json json = to_json(small_table());
  EXPECT_EQ(json["name"], "small");
  EXPECT_EQ(json["parts"][1]["trainable"], 12);
  EXPECT_EQ(json["weights"][0]["shape"], (std::vector<int64_t>{8, 4}));
  EXPECT_EQ(json["readings"][0]["paper"], "6");
  EXPECT_EQ(json["memory"][0]["bytes"], 2'500'000'000);
}

}  // namespace
}  // namespace flamingo::model
