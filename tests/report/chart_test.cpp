#include "flamingo/report/chart.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/report/markup_check.h"

namespace flamingo::report {
namespace {

using testing::count_of;
using testing::markup_mistake;

Figure one_panel(std::vector<Curve> curves) {
  Figure figure{.title = "Loss <1>", .description = "a & b"};
  figure.panels = {{.title = "\"Loss\"", .x_label = "step", .curves = std::move(curves)}};
  figure.legend = {{"<run>", "#2f7fd6", ""}};
  return figure;
}

Curve ramp(size_t count, size_t window = 1) {
  Curve curve{.colour = "#2f7fd6", .window = window};
  for (size_t i = 0; i < count; ++i)
    curve.points.push_back({static_cast<double>(i), static_cast<double>(i % 10)});
  return curve;
}

TEST(Chart, IsWellFormedAndNamed) {
  const auto svg = figure_svg(one_panel({ramp(20)}), Background::kNone);
  EXPECT_EQ(markup_mistake(svg), "");
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\""));
  EXPECT_NE(svg.find("<title>Loss &lt;1&gt;</title>\n<desc>a &amp; b</desc>"), std::string::npos);
  EXPECT_NE(svg.find(">&quot;Loss&quot;</text>"), std::string::npos);
  EXPECT_NE(svg.find(">&lt;run&gt;</text>"), std::string::npos);
  EXPECT_EQ(count_of(svg, "<script"), 0);
  EXPECT_EQ(count_of(svg, "href"), 0);
}

TEST(Chart, PlacesPointsOnThePlot) {
  Figure figure = one_panel({{.points = {{0, 0}, {5, 1}, {10, 0.5}}, .colour = "#000000"}});
  figure.panels[0].y_range = {0, 1};
  figure.panel_width = 58 + 100 + 20;  // a plot of 100 x 200
  figure.panel_height = 34 + 200 + 46;
  const auto svg = figure_svg(figure, Background::kNone);
  EXPECT_NE(svg.find("d=\"M0.0,200.0L50.0,0.0L100.0,100.0\""), std::string::npos) << svg;
}

TEST(Chart, GapsBreakTheLineAndLonePointsAreDots) {
  const double gap = std::nan("");
  Figure figure = one_panel({{.points = {{0, 1}, {1, gap}, {2, 1}, {3, 1}}, .colour = "#000000"}});
  const auto svg = figure_svg(figure, Background::kNone);
  EXPECT_EQ(count_of(svg, "h0M"), 1) << svg;
}

TEST(Chart, ARunningMeanHasItsPointsPaleBehind) {
  const auto plain = figure_svg(one_panel({ramp(50, 1)}), Background::kNone);
  const auto smooth = figure_svg(one_panel({ramp(50, 10)}), Background::kNone);
  EXPECT_EQ(count_of(plain, "stroke-opacity=\"0.25\""), 0);
  EXPECT_EQ(count_of(smooth, "stroke-opacity=\"0.25\""), 1);
  EXPECT_LT(smooth.find("stroke-opacity=\"0.25\""), smooth.find("stroke-width=\"1.8\""));
}

TEST(Chart, LongCurvesAreThinned) {
  const auto svg = figure_svg(one_panel({ramp(300'000)}), Background::kNone);
  EXPECT_LT(count_of(svg, "L"), 2000);
  EXPECT_GT(count_of(svg, "L"), 500);
}

TEST(Chart, SaysWhereNothingIsFinite) {
  const auto svg = figure_svg(one_panel({{.points = {{0, std::nan("")}}, .colour = "#000000"}}),
                              Background::kNone);
  EXPECT_EQ(markup_mistake(svg), "");
  EXPECT_EQ(count_of(svg, "no finite values"), 1);
  EXPECT_EQ(markup_mistake(figure_svg({}, Background::kNone)), "");
}

TEST(Chart, PanelsMayShareTheirValues) {
  Figure figure = one_panel({{.points = {{0, 0}, {1, 1}}, .colour = "#000000"}});
  figure.panels.push_back(figure.panels[0]);
  figure.panels[1].curves[0].points[1].y = 100;
  EXPECT_EQ(count_of(figure_svg(figure, Background::kNone), ">100</text>"), 1);
  figure.same_y = true;
  EXPECT_EQ(count_of(figure_svg(figure, Background::kNone), ">100</text>"), 2);
}

TEST(Chart, AFileOfItsOwnIsWhite) {
  EXPECT_EQ(count_of(figure_svg(one_panel({ramp(3)}), Background::kNone), "#ffffff"), 0);
  EXPECT_EQ(count_of(figure_svg(one_panel({ramp(3)}), Background::kWhite), "<rect"), 1);
}

TEST(Chart, ExtremeValuesStayNearThePlot) {
  const auto svg =
      figure_svg(one_panel({{.points = {{0, 1e308}, {1, -1e308}, {2, 0}}, .colour = "#000000"}}),
                 Background::kNone);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::report
