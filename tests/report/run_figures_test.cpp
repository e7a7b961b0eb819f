#include "flamingo/report/run_figures.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/report/run_builder.h"

namespace flamingo::report {
namespace {

using testing::make_run;
using testing::run_lines;
using Names = std::vector<std::string>;

Names labels_of(const Figure& figure) {
  Names labels;
  for (const auto& entry : figure.legend) labels.push_back(entry.label);
  return labels;
}

TEST(RunFigures, PartsAreInOrder) {
  const auto run = make_run(
      "a",
      "{\"step\":0,\"g.10\":1,\"g.9\":1,\"g\":1,\"g.b\":1,\"g.a.b\":1,\"gx.1\":1,\"h.1\":1}\n");
  EXPECT_EQ(parts_of({run}, "g"), (Names{"", "9", "10", "a.b", "b"}));
  EXPECT_TRUE(parts_of({run}, "loss").empty());
}

TEST(RunFigures, OneLossNeedsNoLegend) {
  const auto figure = loss_figure({make_run("a", run_lines(100))}, 20);
  ASSERT_EQ(figure.panels.size(), 1u);
  ASSERT_EQ(figure.panels[0].curves.size(), 1u);
  EXPECT_EQ(figure.panels[0].curves[0].points.size(), 100u);
  EXPECT_EQ(figure.panels[0].curves[0].points[99].x, 99);
  EXPECT_EQ(figure.panels[0].curves[0].points[99].y, 1);
  EXPECT_EQ(figure.panels[0].curves[0].window, 20u);
  EXPECT_TRUE(figure.legend.empty());
}

TEST(RunFigures, SourcesTellByColourAndRunsByDashes) {
  const std::string lines =
      "{\"step\":0,\"loss\":2,\"loss.m3w\":1,\"loss.vtp\":3,\"blind_loss.m3w\":4}\n";
  const auto figure = loss_figure({make_run("a", lines), make_run("b", lines)}, 0);
  EXPECT_EQ(labels_of(figure), (Names{"all sources", "m3w", "vtp", "a", "b"}));
  ASSERT_EQ(figure.panels.size(), 2u);
  ASSERT_EQ(figure.panels[0].curves.size(), 6u);
  ASSERT_EQ(figure.panels[1].curves.size(), 2u);
  const auto& m3w = figure.panels[0].curves[2];
  const auto& m3w_of_b = figure.panels[0].curves[3];
  EXPECT_EQ(m3w.colour, figure.legend[1].colour);
  EXPECT_EQ(m3w_of_b.colour, m3w.colour);
  EXPECT_EQ(m3w.dash, figure.legend[3].dash);
  EXPECT_EQ(m3w_of_b.dash, figure.legend[4].dash);
  EXPECT_NE(m3w.dash, m3w_of_b.dash);
  EXPECT_EQ(figure.panels[1].curves[0].colour, m3w.colour);  // the same source beside it
}

TEST(RunFigures, WithoutSourcesRunsTellByColour) {
  const auto figure = loss_figure({make_run("a", run_lines(2)), make_run("b", run_lines(3))}, 0);
  EXPECT_EQ(labels_of(figure), (Names{"a", "b"}));
  ASSERT_EQ(figure.panels[0].curves.size(), 2u);
  EXPECT_NE(figure.panels[0].curves[0].colour, figure.panels[0].curves[1].colour);
  EXPECT_EQ(figure.panels[0].curves[1].dash, "");
  EXPECT_EQ(figure.panels[0].curves[1].colour, figure.legend[1].colour);
}

TEST(RunFigures, TwentyFourSourcesLookDifferent) {
  std::string line = "{\"step\":0";
  for (int i = 0; i < 24; ++i) line += ",\"loss.s" + std::to_string(i) + "\":1";
  const auto figure = loss_figure({make_run("a", line + "}\n")}, 0);
  std::set<std::string> looks;
  for (const auto& curve : figure.panels[0].curves) looks.insert(curve.colour + curve.dash);
  EXPECT_EQ(looks.size(), 24u);
}

TEST(RunFigures, GatesAreFigureSix) {
  TrainingRun run = make_run("a", run_lines(50, 12));
  const auto figure = gate_figure({run});
  ASSERT_TRUE(figure.has_value());
  ASSERT_EQ(figure->panels.size(), 2u);
  for (const auto& panel : figure->panels) {
    EXPECT_EQ(panel.curves.size(), 12u);
    EXPECT_EQ(panel.y_range->high, 1);
    EXPECT_EQ(panel.x_range->high, 100);
    EXPECT_EQ(panel.curves[11].window, 1u);
    EXPECT_DOUBLE_EQ(panel.curves[11].points.front().x, 2);
    EXPECT_DOUBLE_EQ(panel.curves[11].points.back().x, 100);
  }
  EXPECT_DOUBLE_EQ(figure->panels[0].curves[11].points.back().y, 0.1);
  EXPECT_DOUBLE_EQ(figure->panels[1].curves[11].points.back().y, 0.2);
  EXPECT_EQ(figure->legend[10].label, "layer 10");
  EXPECT_EQ(figure->legend[10].colour, figure->panels[1].curves[10].colour);
  run.recipe = {{"train", {{"steps", 100}}}};
  EXPECT_DOUBLE_EQ(gate_figure({run})->panels[0].curves[0].points.back().x, 50);
}

TEST(RunFigures, ManyLayersShareALegend) {
  const auto figure = gate_figure({make_run("a", run_lines(1, 80))});
  EXPECT_EQ(figure->panels[0].curves.size(), 80u);
  EXPECT_EQ(labels_of(*figure).size(), 20u);
  EXPECT_EQ(labels_of(*figure)[1], "layer 4");
}

TEST(RunFigures, WithoutGatesThereIsNoGateFigure) {
  EXPECT_FALSE(gate_figure({make_run("a", run_lines(5, 0))}).has_value());
}

TEST(RunFigures, OthersAreOneFigureAFamily) {
  const std::string lines =
      "{\"step\":0,\"loss\":1,\"z.a\":1,\"z.b\":2,\"accuracy\":1,\"grad_norm\":1,\"lr_factor\":1,"
      "\"seconds\":2,\"items\":1,\"items_per_second\":0.5,\"gate_dense.0\":1}\n";
  Names titles;
  for (const auto& figure : other_figures({make_run("a", lines)}, 7)) {
    titles.push_back(figure.panels[0].title);
    const bool schedule = figure.title.starts_with("Learning rate");
    EXPECT_EQ(figure.panels[0].curves[0].window, schedule ? 1u : 7u) << figure.title;
    const bool norm = figure.title.starts_with("Norm");  // shares and rates stay linear
    EXPECT_EQ(figure.panels[0].scale, norm ? Scale::kAutomatic : Scale::kLinear) << figure.title;
  }
  EXPECT_EQ(titles,
            (Names{"Learning rate, as a share of its peak", "Norm of the gradient before clipping",
                   "Items per second", "accuracy", "z"}));
}

}  // namespace
}  // namespace flamingo::report
