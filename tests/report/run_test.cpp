#include "flamingo/report/run.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"
#include "tests/report/run_builder.h"

namespace flamingo::report {
namespace {

using testing::error_of;
using testing::make_run;
using testing::run_lines;
using testing::TemporaryFolder;
using Numbers = std::vector<double>;

/// Writes folder/<name>/metrics.jsonl and gives the folder.
std::string write_run(const TemporaryFolder& folder, const std::string& name,
                      const std::string& lines) {
  make_folder(folder.file(name));
  write_file_atomic(folder.file(name) + "/metrics.jsonl", lines);
  return folder.file(name);
}

TEST(Run, IsReadFromItsFolderOrItsFile) {
  const TemporaryFolder folder;
  const std::string path = write_run(folder, "first", run_lines(3));
  for (const auto& given : {path, path + "/", path + "/metrics.jsonl"}) {
    const auto runs = read_runs({given}, {});
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(runs[0].name, "first") << given;
    EXPECT_EQ(runs[0].metrics.num_steps, 3);
    EXPECT_TRUE(runs[0].recipe.is_null());
    EXPECT_EQ(runs[0].total_steps(), 3);
  }
}

TEST(Run, NamesTellRunsApart) {
  const TemporaryFolder folder;
  const std::string a = write_run(folder, "a/flamingo", run_lines(1));
  const std::string b = write_run(folder, "b/flamingo", run_lines(1));
  const std::string c = write_run(folder, "c", run_lines(1));
  const auto runs = read_runs({a, b, c}, {});
  EXPECT_EQ(runs[0].name, a);
  EXPECT_EQ(runs[1].name, b);
  EXPECT_EQ(runs[2].name, "c");
}

TEST(Run, TheRecipeSaysHowLongItIs) {
  const TemporaryFolder folder;
  const std::string path = write_run(folder, "r", run_lines(3));
  write_file_atomic(folder.file("recipe.json"), "{\"train\": {\"steps\": 10}}  // all");
  write_file_atomic(folder.file("odd.json"), "{\"train\": {\"steps\": \"10\"}}");
  EXPECT_EQ(read_runs({path}, {folder.file("recipe.json")})[0].total_steps(), 10);
  EXPECT_EQ(read_runs({path}, {folder.file("odd.json")})[0].total_steps(), 3);
  EXPECT_THROW(read_runs({path}, {folder.file("none.json")}), Error);
}

TEST(Run, SpeedFollowsFromSecondsAndItems) {
  const TemporaryFolder folder;
  const auto speed = [&](const std::string& lines, const char* name) {
    const auto runs = read_runs({write_run(folder, "r", lines)}, {});
    const auto* column = runs[0].metrics.find(name);
    return column == nullptr ? Numbers{} : column->values;
  };
  EXPECT_EQ(speed("{\"step\":0,\"seconds\":2}\n{\"step\":1,\"seconds\":4}\n", "steps_per_second"),
            (Numbers{0.5, 0.25}));
  const std::string items =
      "{\"step\":0,\"items\":8,\"seconds\":2}\n{\"step\":1,\"seconds\":4}\n"
      "{\"step\":2,\"items\":9}\n{\"step\":3,\"items\":6,\"seconds\":3}\n";
  EXPECT_EQ(speed(items, "items_per_second"), (Numbers{4, 2}));
  EXPECT_EQ(speed(items, "steps_per_second"), Numbers{});
  EXPECT_TRUE(std::isnan(speed("{\"step\":0,\"seconds\":0}\n", "steps_per_second")[0]));
}

TEST(Run, WhatCannotBeReadIsAnError) {
  const TemporaryFolder folder;
  const std::string path = write_run(folder, "r", run_lines(1));
  const std::string empty = write_run(folder, "empty", "");
  EXPECT_NE(
      error_of([&] { read_runs({empty}, {}); }).find("empty/metrics.jsonl] expected at least"),
      std::string::npos);
  EXPECT_THROW(read_runs({folder.file("none")}, {}), Error);
  EXPECT_THROW(read_runs({}, {}), Error);
  EXPECT_THROW(read_runs(std::vector<std::string>(9, path), {}), Error);
  EXPECT_THROW(read_runs({path}, {"a", "b"}), Error);
}

TEST(Summary, NamesLastRecentAndExtremes) {
  const MetricColumn column{"loss", {0, 1, 2, 3, 4, 5}, {3, std::nan(""), 1, 9, 1, std::nan("")}};
  const auto summary = summarize(column, 2);
  EXPECT_TRUE(std::isnan(summary.last));
  EXPECT_EQ(summary.recent, 5);
  EXPECT_EQ(summary.lowest, 1);
  EXPECT_EQ(summary.lowest_step, 2);
  EXPECT_EQ(summary.highest, 9);
  EXPECT_EQ(summary.highest_step, 3);
  EXPECT_EQ(summary.num_finite, 4);
  EXPECT_EQ(summary.num_not_finite, 2);
  EXPECT_EQ(summarize(column, 100).recent, 3.5);
  EXPECT_TRUE(std::isnan(summarize({"x", {0}, {std::nan("")}}, 0).recent));
  EXPECT_EQ(summarize({"x", {}, {}}, 0).lowest_step, -1);
}

TEST(Summary, TheWindowIsGivenOrASixtieth) {
  EXPECT_EQ(smoothing_window(1600, 0), 26u);
  EXPECT_EQ(smoothing_window(10, 0), 1u);
  EXPECT_EQ(smoothing_window(1600, 7), 7u);
}

TEST(Summary, AsJson) {
  const auto run = make_run("a", "{\"step\":0,\"loss\":2}\n{\"step\":1,\"loss\":null}\n");
  EXPECT_EQ(
      summary_json({run}, 0).dump(),
      "{\"runs\":[{\"metrics\":{\"loss\":{\"highest\":2.0,\"highest_step\":0,\"last\":null,"
      "\"lowest\":2.0,\"lowest_step\":0,\"num_finite\":1,\"num_not_finite\":1,\"recent\":2.0}},"
      "\"name\":\"a\",\"steps\":2}]}");
}

}  // namespace
}  // namespace flamingo::report
