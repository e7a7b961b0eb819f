#pragma once

#include <string>
#include <vector>

#include "flamingo/report/chart.h"

namespace flamingo::report {

/// The SVG elements of a legend, from (0, 0), and the pixels that they take downwards.
struct LegendLayout {
  std::string svg;
  int height = 0;
};

/// Entries in rows of columns of equal width. A label of more than 40 characters is cut and has the
/// whole text as its tip.
LegendLayout lay_out_legend(const std::vector<LegendEntry>& entries, int width);

}  // namespace flamingo::report
