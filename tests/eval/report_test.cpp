#include "flamingo/eval/report.h"

#include <gtest/gtest.h>

#include <array>

namespace flamingo::eval {
namespace {

const std::array<TaskResult, 2> kResults = {
    TaskResult{.name = "naming",
               .chance = 0.2,
               .goal = 0.55,
               .accuracy = {600, 1000},
               .removed = {200, 1000},
               .exchanged = {300, 1000},
               .encoder = {700, 1000}},
    TaskResult{.name = "encoder", .chance = 0.2, .goal = 0.88, .accuracy = {800, 1000}}};

TEST(ReportTable, HasOneLinePerTask) {
  EXPECT_EQ(report_table(kResults),
            "task             episodes  accuracy         chance  no picture       other picture    "
            "encoder alone    goal\n"
            "naming               1000  0.600 +- 0.015   0.20    0.200 +- 0.013   0.300 +- 0.014   "
            "0.700 +- 0.014   0.55 reached ! control not at chance\n"
            "encoder              1000  0.800 +- 0.013   0.20    -                -                "
            "-                0.88 missed\n");
}

TEST(ReportJson, HasTheSameNumbers) {
  const Json report = report_json(kResults);
  ASSERT_EQ(report.size(), 2u);
  EXPECT_EQ(report[0]["task"], "naming");
  EXPECT_EQ(report[0]["accuracy"], 0.6);
  EXPECT_EQ(report[0]["reached"], true);
  EXPECT_EQ(report[0]["exchanged"]["accuracy"], 0.3);
  EXPECT_EQ(report[0]["encoder"]["accuracy"], 0.7);
  EXPECT_EQ(report[0]["controls_at_chance"], false);
  EXPECT_TRUE(report[1]["removed"].is_null());
  EXPECT_EQ(report[1]["reached"], false);
}

TEST(Report, ATaskMayHaveNoGoal) {
  const std::array<TaskResult, 1> own = {
      TaskResult{.name = "own", .chance = 0.5, .accuracy = {3, 4}}};
  EXPECT_TRUE(report_table(own).ends_with("  -\n")) << report_table(own);
  EXPECT_TRUE(report_json(own)[0]["goal"].is_null() && report_json(own)[0]["reached"].is_null());
}

}  // namespace
}  // namespace flamingo::eval
