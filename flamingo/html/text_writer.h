#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flamingo/document/document.h"

namespace flamingo::html {

/// Builds the parts of a document from the text and the breaks of a page, with white space as a
/// browser shows it: runs of it are one space, none at the ends of lines, at most one blank line.
/// A part next to a media item keeps one space there when both are in one line, so that who takes
/// the media item out can join the line again.
class TextWriter {
 public:
  /// Appends to the parts and media of `document`, which must outlive the writer.
  explicit TextWriter(document::Document& document) : document_(document) {}

  /// Text whose white space is one space each.
  void text(std::string_view utf8);
  /// Text whose spaces and line ends stay.
  void preformatted(std::string_view utf8);
  /// What follows begins a new line, or a paragraph after a blank line.
  void line() { end_line(1); }
  void paragraph() { end_line(2); }
  /// A line break as <br> makes it: two of them are a blank line.
  void line_break() { end_line(breaks_ + 1); }
  /// What follows in the same line is another cell of a table row, `columns` tabs further.
  void cell(int64_t columns) { cells_ += columns; }
  /// Whether what follows begins a line.
  bool at_line_start() const {
    return breaks_ > 0 || (current_.empty() && document_.parts.empty());
  }
  /// Rises with each piece of text and each media item that is written.
  int64_t num_written() const { return num_written_; }
  /// What follows begins a list item.
  void item(std::string marker);
  /// The item ends; a marker that no text followed is forgotten.
  void end_item();
  void media_item(document::MediaItem media_item);
  /// Ends the last part.
  void finish();

 private:
  void end_line(int breaks);
  bool has_due() const;
  void begin_text();
  void end_part();

  document::Document& document_;
  std::string current_;
  std::string marker_;
  int breaks_ = 0;      ///< line ends due before the next text
  std::string indent_;  ///< spaces to keep before the next text
  bool space_ = false;
  int64_t cells_ = 0;  ///< tabs due before the next text in the line
  int64_t num_written_ = 0;
};

/// Whether TextWriter::text writes anything for it.
bool has_glyphs(std::string_view utf8);

/// `utf8` as TextWriter::text writes it, alone.
std::string collapse_space(std::string_view utf8);

}  // namespace flamingo::html
