#include "flamingo/report/run_report.h"

#include <gtest/gtest.h>

#include "tests/report/markup_check.h"
#include "tests/report/run_builder.h"

namespace flamingo::report {
namespace {

using testing::count_of;
using testing::make_run;
using testing::markup_mistake;
using testing::run_lines;

TEST(RunReport, IsOnePageThatNeedsNothingElse) {
  const auto html = report_html({make_run("flamingo", run_lines(100))}, 0);
  EXPECT_EQ(markup_mistake(html), "");
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
  EXPECT_NE(html.find("<title>Training: flamingo</title>"), std::string::npos);
  for (const char* foreign : {"<script", "<link", "src=", "href=", "url("})
    EXPECT_EQ(count_of(html, foreign), 0) << foreign;
  EXPECT_EQ(count_of(html, "http"), count_of(html, "xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_NE(html.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(RunReport, HasTheSectionsThatTheRunGives) {
  const auto gates = report_html({make_run("a", run_lines(10))}, 0);
  EXPECT_EQ(count_of(gates, "<h2>Gates</h2>"), 1);
  EXPECT_NE(gates.find("<th scope=\"row\">1</th><td>0.100</td><td>0.200</td>"), std::string::npos);
  EXPECT_EQ(count_of(gates, "<h2>Recipe</h2>"), 0);
  EXPECT_EQ(count_of(gates, "role=\"img\""), 5);  // loss, gates, rate, norm, accuracy
  const auto plain = report_html({make_run("a", "{\"step\":0,\"loss\":null}\n")}, 0);
  EXPECT_EQ(markup_mistake(plain), "");
  EXPECT_EQ(count_of(plain, "<h2>Gates</h2>"), 0);
  EXPECT_EQ(count_of(plain, "<h2>Other metrics</h2>"), 0);
  EXPECT_EQ(count_of(plain, "no finite values"), 1);
}

TEST(RunReport, EveryNameAndSettingIsEscaped) {
  TrainingRun run = make_run("<b>run</b>", "{\"step\":0,\"loss\":1,\"<i>&\\\"m\\\"\":2}\n");
  run.recipe = {{"name", "<script>alert(1)</script>"}, {"<u>", 3}};
  const auto html = report_html({run}, 0);
  EXPECT_EQ(markup_mistake(html), "");
  for (const char* raw : {"<b>", "<i>", "<u>", "<script>"})
    EXPECT_EQ(count_of(html, raw), 0) << raw;
  EXPECT_NE(html.find("&lt;script&gt;alert(1)"), std::string::npos);
}

TEST(RunReport, ComparesRuns) {
  TrainingRun a = make_run("a", run_lines(10)), b = make_run("b", run_lines(20, 3));
  a.recipe = {{"train", {{"steps", 10}}}, {"only", true}};
  b.recipe = {{"train", {{"steps", 40}}}};
  const auto html = report_html({a, b}, 0);
  EXPECT_EQ(markup_mistake(html), "");
  EXPECT_NE(html.find(">train/steps</th><td class=\"text\">10</td><td class=\"text\">40</td>"),
            std::string::npos);
  EXPECT_NE(html.find(">only</th><td class=\"text\">true</td><td class=\"text\">-</td>"),
            std::string::npos);
  EXPECT_NE(html.find("b: Attention</th>"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"row\">2</th><td>-</td><td>-</td><td>0.100</td><td>0.200</td>"),
            std::string::npos);
  EXPECT_NE(html.find(">a</th><td>10</td><td>10</td><td>0:20</td><td>1</td><td>0</td>"),
            std::string::npos);
  EXPECT_NE(html.find(">b</th><td>20</td><td>40</td>"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::report
