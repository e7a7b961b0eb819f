#include "flamingo/report/legend.h"

#include <algorithm>

#include "flamingo/report/markup.h"

namespace flamingo::report {
namespace {

constexpr size_t kLongest = 40;  // characters of a label
constexpr int kSwatch = 26, kGap = 8, kRow = 18, kBelow = 8;
constexpr int kNarrow = 7, kWide = 13;  // pixels of a character, generous for 12 px sans-serif

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// The label with an ellipsis where it is long.
std::string shortened(const std::string& label) {
  size_t characters = 0;
  for (size_t i = 0; i < label.size(); ++i) {
    if (starts_character(label[i]) && ++characters > kLongest) return label.substr(0, i) + "...";
  }
  return label;
}

int text_width(const std::string& text) {
  int width = 0;
  for (const char c : text) {
    // A lead byte of 3 or 4 means U+0800 and above, mostly wide letters.
    if (starts_character(c)) width += static_cast<unsigned char>(c) >= 0xE0 ? kWide : kNarrow;
  }
  return width;
}

std::string entry_svg(const LegendEntry& entry, int x, int y) {
  const std::string label = shortened(entry.label);
  const std::string middle = std::to_string(y + kRow / 2);
  std::string svg = "<g><path d=\"M" + std::to_string(x) + "," + middle + "h" +
                    std::to_string(kSwatch) + "\" stroke-width=\"2.4\" stroke=\"" +
                    (entry.colour.empty() ? "currentColor" : entry.colour) + "\"";
  if (!entry.dash.empty()) svg += " stroke-dasharray=\"" + entry.dash + "\"";
  svg += "/><text x=\"" + std::to_string(x + kSwatch + kGap) + "\" y=\"" +
         std::to_string(y + kRow / 2 + 4) + "\">" + escape_markup(label) + "</text>";
  if (label != entry.label) svg += "<title>" + escape_markup(entry.label) + "</title>";
  return svg + "</g>\n";
}

}  // namespace

LegendLayout lay_out_legend(const std::vector<LegendEntry>& entries, int width) {
  if (entries.empty()) return {};
  int widest = 0;
  for (const auto& entry : entries)
    widest = std::max(widest, kSwatch + 3 * kGap + text_width(shortened(entry.label)));
  const int columns = std::max(1, width / widest);
  LegendLayout layout;
  int i = 0;
  for (const auto& entry : entries) {
    layout.svg += entry_svg(entry, i % columns * widest, i / columns * kRow);
    ++i;
  }
  layout.height = (i + columns - 1) / columns * kRow + kBelow;
  return layout;
}

}  // namespace flamingo::report
