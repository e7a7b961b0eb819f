#include "flamingo/html/table.h"

#include <algorithm>
#include <array>

#include "flamingo/html/blocks.h"
#include "flamingo/html/layout.h"
#include "flamingo/html/text_writer.h"

namespace flamingo::html {
namespace {

/// Columns whose spans are followed; cells after them are one after the other.
constexpr uint32_t kMaxColumns = 64;
/// Nodes of a cell that are looked at; a cell of more is more than a line.
constexpr int kMaxCellNodes = 256;
constexpr int64_t kMaxRows = 65'534;
/// Characters of a cell that are one line whatever blocks and <br> stand in it; more is prose.
constexpr int64_t kMaxLine = 160;

bool is_cell(const GumboNode* node) {
  return tag_of(node) == GUMBO_TAG_TD || tag_of(node) == GUMBO_TAG_TH;
}

/// How much there is to read in a cell.
class CellContent {
 public:
  CellContent(const GumboNode* cell, const HtmlTree& tree, const std::vector<DropReason>& reasons)
      : tree_(tree), reasons_(reasons) {
    for (const GumboNode* child : children(cell)) add(child);
  }

  bool is_empty() const { return lines_ == 0 && left_ > 0; }
  bool is_one_line() const { return lines_ <= 1 && left_ > 0 && characters_ <= kMaxLine; }

 private:
  void add(const GumboNode* node) {
    if (left_ <= 0 || --left_ <= 0) return;
    if (reasons_[tree_.slot(node)] != DropReason::kNone) return;
    if (is_text(node)) {
      if (!has_glyphs(node->v.text.text)) return;
      characters_ += count_characters(node->v.text.text);
      add_glyphs();
    } else if (is_element(node) && !is_never_content(node)) {
      add_element(node);
    }
  }

  void add_element(const GumboNode* element) {
    switch (tag_of(element)) {
      case GUMBO_TAG_IMG:
      case GUMBO_TAG_VIDEO:
        is_text_alone_ = false;
        return add_glyphs();
      case GUMBO_TAG_BR:
        return;
      case GUMBO_TAG_FIGURE:
      case GUMBO_TAG_LI:
      case GUMBO_TAG_TABLE:
        is_text_alone_ = false;
        break;
      default:
        is_text_alone_ = is_text_alone_ && !is_preformatted(element);
    }
    const bool breaks = layout_of(element) != Layout::kInline;
    broken_ = broken_ || breaks;
    for (const GumboNode* child : children(element)) add(child);
    broken_ = broken_ || breaks;
  }

  void add_glyphs() {
    lines_ += lines_ == 0 || broken_ ? 1 : 0;
    if (!is_text_alone_) lines_ = 2;
    broken_ = false;
  }

  const HtmlTree& tree_;
  const std::vector<DropReason>& reasons_;
  int left_ = kMaxCellNodes;
  int lines_ = 0;  ///< apart from those that <br> begins
  int64_t characters_ = 0;
  bool broken_ = false;
  bool is_text_alone_ = true;  ///< no list, picture or the like up to here
};

}  // namespace

/// The columns of a table while its rows are read.
class TableLayout::Grid {
 public:
  /// Begins a group of rows, into which no cell above reaches.
  void begin_group() { taken_.fill(0); }
  void begin_row() {
    ++row_;
    next_ = 0;
  }

  /// Places the next cell of the row and returns its column.
  uint32_t place(const GumboNode* cell, bool is_empty) {
    while (next_ < kMaxColumns && taken_[next_] > row_) ++next_;
    const uint32_t column = next_++;
    if (column >= kMaxColumns) return column;
    used_[column] = used_[column] || !is_empty;
    const int64_t columns = std::clamp<int64_t>(integer_attribute(cell, "colspan", 1), 1, 1000);
    const int64_t rows = std::clamp<int64_t>(integer_attribute(cell, "rowspan", 1), 0, kMaxRows);
    const int64_t end = std::min<int64_t>(column + columns, kMaxColumns);
    const int64_t until = rows == 0 ? INT64_MAX : row_ + rows;
    for (int64_t c = column; c < end; ++c) taken_[static_cast<size_t>(c)] = until;
    next_ = static_cast<uint32_t>(end);
    return column;
  }

  /// The number of columns before `column` that hold something.
  uint32_t rank(uint32_t column) const {
    const auto end = used_.begin() + std::min(column, kMaxColumns);
    const auto used = static_cast<uint32_t>(std::count(used_.begin(), end, true));
    return used + (column - std::min(column, kMaxColumns));
  }

 private:
  std::array<int64_t, kMaxColumns> taken_{};  ///< the row up to which a cell above fills a column
  std::array<bool, kMaxColumns> used_{};
  int64_t row_ = 0;
  uint32_t next_ = 0;
};

TableLayout::TableLayout(const HtmlTree& tree, const std::vector<DropReason>& reasons)
    : tree_(tree), reasons_(reasons), places_(tree.num_slots()) {}

bool TableLayout::is_gone(const GumboNode* element) const {
  return reasons_[tree_.slot(element)] == DropReason::kHidden;
}

void TableLayout::add(const GumboNode* table) {
  Grid grid;
  std::vector<const GumboNode*> groups;
  for (const GumboNode* child : children(table)) {
    switch (tag_of(child)) {
      case GUMBO_TAG_TBODY:
      case GUMBO_TAG_TFOOT:
      case GUMBO_TAG_THEAD:
        groups.push_back(child);
        break;
      default:
        break;
    }
  }
  for (const GumboNode* group : groups) add_rows(group, grid);
  for (const GumboNode* group : groups) {
    for (const GumboNode* row : children(group)) {
      for (const GumboNode* cell : children(row)) {
        if (!is_cell(cell)) continue;
        Place& place = places_[tree_.slot(cell)];
        place.column = grid.rank(place.column);
      }
    }
  }
}

void TableLayout::add_rows(const GumboNode* group, Grid& grid) {
  grid.begin_group();
  for (const GumboNode* row : children(group)) {
    if (tag_of(row) == GUMBO_TAG_TR && !is_gone(row)) add_row(row, grid);
  }
}

void TableLayout::add_row(const GumboNode* row, Grid& grid) {
  grid.begin_row();
  int cells = 0;
  bool one_line = true;
  for (const GumboNode* cell : children(row)) {
    if (!is_cell(cell) || is_gone(cell)) continue;
    const bool is_dropped = reasons_[tree_.slot(cell)] != DropReason::kNone;
    const CellContent content(cell, tree_, reasons_);
    const bool is_empty = is_dropped || content.is_empty();
    places_[tree_.slot(cell)].column = grid.place(cell, is_empty);
    one_line = one_line && (is_empty || content.is_one_line());
    ++cells;
  }
  places_[tree_.slot(row)].one_line = one_line && cells > 1;
}

}  // namespace flamingo::html
