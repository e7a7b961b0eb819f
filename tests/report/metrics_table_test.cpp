#include "flamingo/report/metrics_table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::report {
namespace {

using testing::error_of;
using Numbers = std::vector<double>;

TEST(MetricsTable, GathersTheLinesByName) {
  const auto table = parse_metrics(
      "{\"step\":3,\"loss\":2.5,\"acc\":1}\n{\"step\":7,\"loss\":null}\n{\"step\":8,\"beta\":-1e-3}"
      "\n",
      "m");
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].name, "acc");
  EXPECT_EQ(table.columns[2].name, "beta");
  EXPECT_EQ(table.find("loss")->steps, (Numbers{3, 7}));
  EXPECT_EQ(table.find("loss")->values[0], 2.5);
  EXPECT_TRUE(std::isnan(table.find("loss")->values[1]));
  EXPECT_EQ(table.find("beta")->steps, (Numbers{8}));
  EXPECT_EQ(table.find("beta")->values, (Numbers{-1e-3}));
  EXPECT_EQ(table.find("step"), nullptr);
  EXPECT_EQ(table.num_steps, 3);
  EXPECT_EQ(table.last_step, 8);
}

TEST(MetricsTable, ALastLineIsLeftOutOnlyWhereItIsCutOff) {
  const std::string lines = "{\"step\":0,\"a\":1}\n{\"step\":1,\"a\":2}";
  EXPECT_EQ(parse_metrics(lines, "m").num_steps, 2);
  const size_t second = lines.find('\n') + 1;
  for (size_t size = second; size < lines.size(); ++size)
    EXPECT_EQ(parse_metrics(lines.substr(0, size), "m").num_steps, 1) << size;
  EXPECT_THROW(parse_metrics(lines.substr(0, lines.size() - 1) + "\n", "m"), Error);
  EXPECT_EQ(parse_metrics("", "m").num_steps, 0);
}

TEST(MetricsTable, ABadLineIsNamed) {
  const std::string good = "{\"step\":5,\"a\":1}\n";
  const std::pair<const char*, const char*> cases[] = {
      {"{\"step\":6,\"a\":\"x\"}\n", "expected a number or null as \"a\", got string"},
      {"{\"step\":6,\"a\":[1]}\n", "expected a number or null as \"a\", got array"},
      {"{\"a\":1}\n", "expected a whole number \"step\", got none"},
      {"{\"step\":1.5}\n", "expected a whole number \"step\", got 1.5"},
      {"{\"step\":5}\n", "expected a step above 5, got 5"},
      {"{\"step\":18446744073709551615}\n", "expected a step above 5"},
      {"[1]\n", "expected a JSON object, got array"},
      {"\n", "expected valid JSON"},
      {"{\"step\":6,\"a\":1e999}\n", "expected valid JSON"},
      {"{\"step\":6,\"\xFF\":1}\n", "expected valid JSON"},
  };
  for (const auto& [line, message] : cases) {
    const std::string error = error_of([&] { parse_metrics(good + line + good, "run/m.jsonl"); });
    EXPECT_NE(error.find("run/m.jsonl:2]"), std::string::npos) << error;
    EXPECT_NE(error.find(message), std::string::npos) << error;
  }
  EXPECT_NE(error_of([] { parse_metrics("{\"step\":-1}\n", "m"); }).find("above -1"),
            std::string::npos);
}

TEST(MetricsTable, NamesAreLimited) {
  std::string line = "{\"step\":0";
  for (int i = 0; i < 4096; ++i) line += ",\"m" + std::to_string(i) + "\":1";
  EXPECT_EQ(parse_metrics(line + "}\n", "m").columns.size(), 4096u);
  EXPECT_NE(error_of([&] { parse_metrics(line + ",\"x\":1}\n", "m"); }).find("at most 4096"),
            std::string::npos);
}

TEST(MetricsTable, DamagedBytesGiveATableOrAnError) {
  const std::string text =
      "{\"step\":0,\"loss\":2.5,\"gate_xattn.0\":0.1}\n{\"step\":1,\"loss\":null}\n{\"step\":2}\n";
  Rng rng(testing::seeded(1));
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = text;
    damaged[rng.below(damaged.size())] ^= static_cast<char>(1 + rng.below(255));
    try {
      EXPECT_LE(parse_metrics(damaged, "m").num_steps, 3);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(MetricsTable, ReadsAFile) {
  const testing::TemporaryFolder folder;
  write_file_atomic(folder.file("m"), "{\"step\":0,\"a\":1}\n");
  EXPECT_EQ(read_metrics(folder.file("m")).num_steps, 1);
  EXPECT_THROW(read_metrics(folder.file("none")), Error);
}

}  // namespace
}  // namespace flamingo::report
