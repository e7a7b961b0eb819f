#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/report/axis.h"
#include "flamingo/report/curve.h"

namespace flamingo::report {

/// A line of a panel. A window above 1 draws its running mean, and the points pale behind it.
struct Curve {
  std::vector<Point> points;  ///< x increasing; y NaN for a gap
  std::string colour;         ///< "#rrggbb"
  std::string dash;           ///< stroke-dasharray; empty: solid
  size_t window = 1;
};

/// Of an axis of values.
enum class Scale {
  kLinear,
  kAutomatic,  ///< logarithmic where all values are positive and span a factor of 30
};

/// One pair of axes.
struct Panel {
  std::string title;
  std::string x_label;
  std::vector<Curve> curves;
  Scale scale = Scale::kLinear;
  std::optional<Interval> x_range;  ///< else that of the points
  std::optional<Interval> y_range;  ///< else that of the running means, and of 98 % of the points
};

/// What a colour and a dash pattern stand for; an empty colour draws in that of the text.
struct LegendEntry {
  std::string label;
  std::string colour;
  std::string dash;
};

/// Panels side by side over one legend.
struct Figure {
  std::string title;        ///< read aloud, and shown as a tip
  std::string description;  ///< the same in more words
  std::vector<Panel> panels;
  std::vector<LegendEntry> legend;
  bool same_y = false;  ///< all panels show the y range of all curves
  int panel_width = 720;
  int panel_height = 320;  ///< without the legend, both in pixels
};

/// What a figure is drawn on.
enum class Background {
  kNone,   ///< for a page, whose colour of text is taken
  kWhite,  ///< for a file of its own
};

/// The figure as an <svg> element without scripts, style sheets and references; all text is
/// escaped. A curve has at most 2 points a pixel, in which peaks survive. Panels without a finite
/// point say so.
std::string figure_svg(const Figure& figure, Background background);

}  // namespace flamingo::report
