#include "flamingo/model/parameter_table.h"

#include <gtest/gtest.h>

#include "flamingo/model/presets.h"

namespace flamingo::model {
namespace {

const PartRow& part(const ParameterTable& table, const std::string& name) {
  for (const PartRow& row : table.parts) {
    if (row.name == name) return row;
  }
  fail("test", "no part {}", name);
}

/// The paper's figures with the rounding that they are printed in, in units of 1e6.
struct Expected {
  const char* preset;
  double lm, lm_rounding, xattn, xattn_rounding, total, total_rounding;
};

TEST(ParameterTable, AgreesWithThePaperToItsRounding) {
  for (const auto& e : {Expected{"flamingo-3b", 1400, 50, 1200, 50, 3200, 50},
                        Expected{"flamingo-9b", 7100, 50, 1600, 50, 9300, 60},
                        Expected{"flamingo-80b", 70000, 500, 10000, 500, 80000, 500}}) {
    const auto table = parameter_table(flamingo_preset(e.preset), e.preset);
    EXPECT_EQ(part(table, "vision encoder").frozen, 435286116);
    EXPECT_EQ(part(table, "vision encoder").trainable, 0);
    EXPECT_NEAR(part(table, "resampler").trainable / 1e6, 194, 0.5);
    EXPECT_NEAR(part(table, "language model").frozen / 1e6, e.lm, e.lm_rounding);
    EXPECT_NEAR(part(table, "gated xattn-dense").trainable / 1e6, e.xattn, e.xattn_rounding);
    const PartRow& total = part(table, "total");
    EXPECT_NEAR((total.frozen + total.trainable) / 1e6, e.total, e.total_rounding);
    EXPECT_FALSE(table.readings.empty());
  }
}

TEST(ParameterTable, RowsAddUpToTheTotal) {
  const auto table = parameter_table(flamingo_preset("flamingo-pictogram"), "flamingo-pictogram");
  int64_t count = 0;
  for (const WeightRow& row : table.weights) {
    int64_t numel = row.count;
    for (const int64_t extent : row.shape) numel *= extent;
    count += numel;
  }
  const PartRow& total = table.parts.back();
  EXPECT_EQ(count, total.frozen + total.trainable);
  EXPECT_EQ(table.memory.front().bytes, 4 * count);
  EXPECT_TRUE(table.readings.empty());
}

TEST(ParameterTable, SaysWhereThePaperContradictsItself) {
  const auto table = parameter_table(flamingo_preset("flamingo-9b"), "flamingo-9b");
  const auto reading = [&](const std::string& start) {
    for (const Reading& row : table.readings) {
      if (row.what.starts_with(start)) return row.parameters / 1e9;
    }
    return 0.0;
  };
  EXPECT_NEAR(reading("resampler, heads of 128"), 0.1937, 0.001);
  EXPECT_NEAR(reading("resampler, heads of 96"), 0.1748, 0.001);
  EXPECT_NEAR(reading("language model, 32"), 7.11, 0.02);
  EXPECT_NEAR(reading("language model, 40"), 8.85, 0.02);
  EXPECT_NEAR(reading("xattn, 10"), 2.01, 0.02);
  EXPECT_NEAR(reading("added, xattn and resampler"), 1.80, 0.02);
}

}  // namespace
}  // namespace flamingo::model
