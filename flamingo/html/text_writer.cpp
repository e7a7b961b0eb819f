#include "flamingo/html/text_writer.h"

#include <algorithm>
#include <utility>

#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

/// What a few bytes of text are in a line.
enum class Glyph { kText, kSpace, kNothing };

struct GlyphBytes {
  Glyph glyph;
  size_t bytes;
};

/// Spaces (with those that do not break), characters that are not to be seen (soft hyphens, zero
/// width spaces, byte order marks, controls) or text.
GlyphBytes next_glyph(std::string_view text) {
  const char c = text.front();
  if (is_html_space(c)) return {Glyph::kSpace, 1};
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) return {Glyph::kNothing, 1};
  if (byte < 0xc2) return {Glyph::kText, 1};
  if (text.starts_with("\xc2\xa0")) return {Glyph::kSpace, 2};
  if (text.starts_with("\xc2\xad")) return {Glyph::kNothing, 2};
  if (byte == 0xc2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xa0) {
    return {Glyph::kNothing, 2};
  }
  if (text.starts_with("\xe2\x80\x8b") || text.starts_with("\xef\xbb\xbf")) {
    return {Glyph::kNothing, 3};
  }
  return {Glyph::kText, 1};
}

/// Whether the character is visible ASCII, the bulk of most text.
bool is_plain(char c) { return c > ' ' && c < 0x7f; }

void trim_end(std::string& text) {
  while (!text.empty() && is_html_space(text.back())) text.pop_back();
}

}  // namespace

void TextWriter::end_line(int breaks) {
  space_ = false;
  cells_ = 0;
  indent_.clear();
  if (marker_.empty()) breaks_ = std::max(breaks_, std::min(breaks, 2));
}

void TextWriter::item(std::string marker) {
  line();
  marker_ = std::move(marker);
}

void TextWriter::end_item() {
  marker_.clear();
  line();
}

bool TextWriter::has_due() const {
  return breaks_ > 0 || space_ || cells_ > 0 || !indent_.empty() || !marker_.empty();
}

/// Writes what is due before text: line ends, a tab or a space, and the marker of an item.
void TextWriter::begin_text() {
  ++num_written_;
  const bool after_media_item = current_.empty() && !document_.parts.empty();
  if (breaks_ > 0) {
    trim_end(current_);
    if (!current_.empty()) current_.append(static_cast<size_t>(breaks_), '\n');
    current_.append(static_cast<size_t>(cells_), '\t');
    current_ += indent_;
  } else if (!indent_.empty()) {
    current_ += indent_;
  } else if (after_media_item) {
    current_ += ' ';
  } else if (cells_ > 0) {
    current_.append(static_cast<size_t>(cells_), '\t');
  } else if (!current_.empty() && space_) {
    current_ += ' ';
  }
  current_ += std::exchange(marker_, {});
  breaks_ = 0;
  indent_.clear();
  space_ = false;
  cells_ = 0;
}

void TextWriter::text(std::string_view utf8) {
  while (!utf8.empty()) {
    const auto [glyph, bytes] = next_glyph(utf8);
    if (glyph == Glyph::kText) {
      size_t length = bytes;
      while (length < utf8.size() &&
             (is_plain(utf8[length]) || next_glyph(utf8.substr(length)).glyph == Glyph::kText)) {
        ++length;
      }
      if (has_due() || current_.empty()) begin_text();
      current_ += utf8.substr(0, length);
      utf8.remove_prefix(length);
    } else {
      space_ = space_ || glyph == Glyph::kSpace;
      utf8.remove_prefix(bytes);
    }
  }
}

void TextWriter::preformatted(std::string_view utf8) {
  if (std::ranges::all_of(utf8, is_html_space)) {
    for (const char c : utf8) {
      if (c == '\n') {
        line_break();
      } else {
        indent_ += c;
      }
    }
    return;
  }
  const bool at_start = breaks_ > 0 || current_.empty();
  if (at_start && indent_.empty()) utf8.remove_prefix(utf8.find_first_not_of("\r\n"));
  begin_text();
  for (size_t i = 0; i < utf8.size();) {
    const auto [glyph, bytes] = next_glyph(utf8.substr(i));
    if (glyph == Glyph::kSpace && bytes > 1) {
      current_ += ' ';
    } else if (glyph != Glyph::kNothing && utf8[i] != '\r') {
      current_ += utf8.substr(i, bytes);
    }
    i += bytes;
  }
}

bool has_glyphs(std::string_view utf8) {
  while (!utf8.empty()) {
    const auto [glyph, bytes] = next_glyph(utf8);
    if (glyph == Glyph::kText) return true;
    utf8.remove_prefix(bytes);
  }
  return false;
}

void TextWriter::end_part() {
  const bool inline_media_item = breaks_ == 0;
  trim_end(current_);
  if (current_.empty()) return;
  if (inline_media_item) current_ += ' ';
  document_.parts.push_back(document::Part::of_text(std::exchange(current_, {})));
}

void TextWriter::media_item(document::MediaItem media_item) {
  ++num_written_;
  end_part();
  document_.parts.push_back(
      document::Part::of_media_item(static_cast<int64_t>(document_.media.size())));
  document_.media.push_back(std::move(media_item));
  marker_.clear();
  breaks_ = 0;
  indent_.clear();
  space_ = false;
  cells_ = 0;
}

void TextWriter::finish() {
  breaks_ = 2;
  end_part();
}

std::string collapse_space(std::string_view utf8) {
  document::Document document;
  TextWriter writer(document);
  writer.text(utf8);
  writer.finish();
  return document.parts.empty() ? std::string() : std::move(document.parts[0].text);
}

}  // namespace flamingo::html
