#pragma once

#include <cstdint>
#include <vector>

#include "flamingo/html/rules.h"
#include "flamingo/html/tree.h"

namespace flamingo::html {

/// Where the cells of a page's tables stand, so that a value stays below its heading when cells
/// before it are empty or span others. Columns in which no cell begins with something to read (the
/// gaps of tables that only lay a page out) do not count.
///
/// Source: HTML, section 4.9.12.1 ("forming a table"). Time is linear in the nodes of the page.
class TableLayout {
 public:
  /// `reasons` by slot of the tree: what is dropped is not in the table. Both must outlive this.
  TableLayout(const HtmlTree& tree, const std::vector<DropReason>& reasons);

  /// Lays out a <table>, without those in its cells.
  void add(const GumboNode* table);
  /// The column of a cell of a table that was added.
  int64_t column(const GumboNode* cell) const { return places_[tree_.slot(cell)].column; }
  /// Whether a row has several cells of at most one line each, so that blocks in them (<td><p>)
  /// break no line.
  bool is_one_line(const GumboNode* row) const { return places_[tree_.slot(row)].one_line; }

 private:
  class Grid;
  /// What is known of a cell or a row.
  struct Place {
    uint32_t column = 0;    ///< of a cell
    bool one_line = false;  ///< of a row
  };

  bool is_gone(const GumboNode* element) const;
  void add_rows(const GumboNode* group, Grid& grid);
  void add_row(const GumboNode* row, Grid& grid);

  const HtmlTree& tree_;
  const std::vector<DropReason>& reasons_;
  std::vector<Place> places_;  ///< by slot
};

}  // namespace flamingo::html
