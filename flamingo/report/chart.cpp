#include "flamingo/report/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "flamingo/report/legend.h"
#include "flamingo/report/markup.h"
#include "flamingo/report/value_range.h"

namespace flamingo::report {
namespace {

constexpr int kLeft = 58, kRight = 20, kTop = 34, kBottom = 46;  // around a panel's plot
constexpr int kXTicks = 6, kYTicks = 6;
constexpr double kPixelsPerBucket = 2;  // of up to 4 points

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string text_element(double x, double y, const char* anchor, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         escape_markup(text) + "</text>\n";
}

std::string grid_line(double x1, double y1, double x2, double y2) {
  return "<path d=\"M" + number(x1) + "," + number(y1) + "L" + number(x2) + "," + number(y2) +
         "\" stroke=\"currentColor\" stroke-opacity=\"0.15\"/>\n";
}

/// Where a panel's values lie, in pixels from the corner of its plot.
struct Plot {
  Axis x;
  Axis y;
  double width;
  double height;

  double place_x(double value) const { return x.place(value) * width; }
  /// Kept near the plot: renderers do not agree on numbers beyond 32 bits.
  double place_y(double value) const {
    const double place = y.place(value);
    return std::isfinite(place) ? (1 - std::clamp(place, -9.0, 9.0)) * height : place;
  }
};

std::string path_data(const std::vector<Point>& points, const Plot& plot) {
  std::string data;
  bool open = false;
  for (size_t i = 0; i < points.size(); ++i) {
    const double y = plot.place_y(points[i].y);
    if (!std::isfinite(y)) {
      open = false;
      continue;
    }
    data += (open ? "L" : "M") + number(plot.place_x(points[i].x)) + "," + number(y);
    const bool alone = !open && (i + 1 == points.size() || std::isnan(points[i + 1].y));
    if (alone) data += "h0";  // a dot
    open = true;
  }
  return data;
}

std::string path_element(const std::vector<Point>& points, const Curve& curve, const Plot& plot,
                         bool pale) {
  const auto buckets = static_cast<size_t>(plot.width / kPixelsPerBucket);
  const std::string data = path_data(decimated(points, buckets), plot);
  if (data.empty()) return {};
  std::string element = "<path d=\"" + data + "\" stroke=\"" + curve.colour + "\"";
  element += pale ? " stroke-width=\"1\" stroke-opacity=\"0.25\"" : " stroke-width=\"1.8\"";
  if (!pale && !curve.dash.empty()) element += " stroke-dasharray=\"" + curve.dash + "\"";
  return element + "/>\n";
}

/// The curves, cut a pixel beyond the plot's upper and lower border by an <svg> of that size.
std::string curves_svg(const Panel& panel, const Plot& plot) {
  const std::string width = number(plot.width), height = number(plot.height + 2);
  std::string svg = "<svg x=\"" + std::to_string(kLeft) + "\" y=\"" + std::to_string(kTop - 1) +
                    "\" width=\"" + width + "\" height=\"" + height + "\" viewBox=\"0 -1 " + width +
                    " " + height +
                    "\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n";
  for (const auto& curve : panel.curves) {
    if (curve.window > 1) svg += path_element(curve.points, curve, plot, /*pale=*/true);
  }
  for (const auto& curve : panel.curves) {
    svg += path_element(running_mean(curve.points, curve.window), curve, plot, /*pale=*/false);
  }
  return svg + "</svg>\n";
}

std::string axes_svg(const Panel& panel, const Plot& plot) {
  std::string svg;
  const double bottom = kTop + plot.height;
  for (const auto& [value, label] : plot.y.ticks(kYTicks)) {
    const double y = kTop + plot.place_y(value);
    svg +=
        grid_line(kLeft, y, kLeft + plot.width, y) + text_element(kLeft - 8, y + 4, "end", label);
  }
  for (const auto& [value, label] : plot.x.ticks(kXTicks)) {
    const double x = kLeft + plot.place_x(value);
    svg += grid_line(x, bottom, x, bottom + 5) + text_element(x, bottom + 18, "middle", label);
  }
  return svg + text_element(kLeft + plot.width / 2, bottom + 36, "middle", panel.x_label);
}

std::string panel_svg(const Panel& panel, const Figure& figure, const ValueRange& y_range) {
  std::string svg = "<text x=\"" + std::to_string(kLeft) +
                    "\" y=\"20\" font-size=\"14\" font-weight=\"600\">" +
                    escape_markup(panel.title) + "</text>\n";
  const double width = figure.panel_width - kLeft - kRight;
  const double height = figure.panel_height - kTop - kBottom;
  if (!y_range.found)
    return svg + text_element(kLeft + width / 2, kTop + height / 2, "middle", "no finite values");
  const Plot plot{Axis(panel.x_range.value_or(x_range_of(panel.curves)), false),
                  Axis(y_range.interval, y_range.logarithmic), width, height};
  return svg + axes_svg(panel, plot) + curves_svg(panel, plot);
}

ValueRange y_range_of(const Panel& panel, const std::vector<const Panel*>& together) {
  if (panel.y_range) return {*panel.y_range, false, true};
  std::vector<const Curve*> curves;
  for (const Panel* other : together) {
    for (const auto& curve : other->curves) curves.push_back(&curve);
  }
  return value_range_of(curves, panel.scale, kYTicks);
}

}  // namespace

std::string figure_svg(const Figure& figure, Background background) {
  const int width = figure.panel_width * std::max(1, static_cast<int>(figure.panels.size()));
  const LegendLayout legend = lay_out_legend(figure.legend, width - kLeft - kRight);
  const std::string size[] = {std::to_string(width),
                              std::to_string(figure.panel_height + legend.height)};
  const bool white = background == Background::kWhite;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 " +
                    size[0] + " " + size[1] + "\" width=\"" + size[0] + "\" height=\"" + size[1] +
                    "\" font-family=\"system-ui, sans-serif\" font-size=\"12\" " +
                    (white ? "color=\"#222222\" " : "") + "fill=\"currentColor\">\n<title>" +
                    escape_markup(figure.title) + "</title>\n<desc>" +
                    escape_markup(figure.description) + "</desc>\n";
  if (white) svg += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  std::vector<const Panel*> all;
  for (const auto& panel : figure.panels) all.push_back(&panel);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto together = figure.same_y ? all : std::vector<const Panel*>{all[i]};
    svg += "<g transform=\"translate(" + std::to_string(figure.panel_width * static_cast<int>(i)) +
           " 0)\">\n" + panel_svg(*all[i], figure, y_range_of(*all[i], together)) + "</g>\n";
  }
  svg += "<g transform=\"translate(" + std::to_string(kLeft) + " " +
         std::to_string(figure.panel_height) + ")\">\n" + legend.svg + "</g>\n";
  return svg + "</svg>\n";
}

}  // namespace flamingo::report
