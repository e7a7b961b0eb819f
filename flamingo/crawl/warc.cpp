#include "flamingo/crawl/warc.h"

#include <algorithm>
#include <utility>

namespace flamingo::crawl {
namespace {

constexpr std::string_view kVersion = "WARC/1.";
constexpr std::string_view kVersionLine = "\nWARC/1.";
constexpr size_t kMaxNewlines = 64;  // after a block; the standard says two line ends

bool is_newline(char c) { return c == '\r' || c == '\n'; }

/// Some writers put a URI into the angle brackets of WARC 1.0's grammar.
std::string without_brackets(std::string_view text) {
  const bool bracketed = text.size() >= 2 && text.front() == '<' && text.back() == '>';
  return std::string(bracketed ? text.substr(1, text.size() - 2) : text);
}

/// The one Content-Length of a record.
std::optional<uint64_t> block_length(const HeaderFields& headers) {
  const auto lengths = headers.all("Content-Length");
  return lengths.size() == 1 ? parse_length(lengths[0]) : std::nullopt;
}

}  // namespace

WarcReader::WarcReader(std::unique_ptr<ByteStream> stream, WarcLimits limits)
    : buffer_(std::move(stream)), limits_(limits) {}

WarcStatistics WarcReader::statistics() const {
  WarcStatistics statistics = statistics_;
  statistics.skipped_compressed_bytes = buffer_.stream().skipped_bytes();
  return statistics;
}

std::optional<WarcRecord> WarcReader::next() {
  while (seek_record()) {
    WarcRecord record;
    if (!read_record(record)) continue;
    ++statistics_.records;
    statistics_.bytes += record.block.size();
    return record;
  }
  return std::nullopt;
}

void WarcReader::count_damage() {
  if (!counted_) ++statistics_.damaged;
  counted_ = true;
}

/// Goes to the next version line; false at the end.
bool WarcReader::seek_record() {
  while (true) {
    const std::string_view text = buffer_.peek(kVersion.size());
    if (text.empty()) {
      if (!next_segment()) return false;
    } else if (text.starts_with(kVersion)) {
      counted_ = false;
      return true;
    } else if (is_newline(text[0])) {
      buffer_.skip(1);
    } else {
      count_damage();
      ++statistics_.resyncs;
      seek_version_line();
    }
  }
}

/// Goes past the damage that ended a segment.
bool WarcReader::next_segment() {
  if (!buffer_.damaged()) return false;
  if (buffer_.damaged_from_start()) counted_ = false;  // what was counted was in front of it
  count_damage();
  ++statistics_.resyncs;
  counted_ = false;
  return buffer_.next_segment();
}

/// Searches for a version line, at the beginning of a line or member, up to the segment's end.
void WarcReader::seek_version_line() {
  while (true) {
    const std::string_view text = buffer_.peek(kVersionLine.size());
    const size_t line = text.find(kVersionLine);
    const size_t member = buffer_.until_member();
    if (line < member) {
      buffer_.skip(line + 1);
      return;
    }
    if (member < text.size()) {
      buffer_.skip(member);
      if (buffer_.peek(kVersion.size()).starts_with(kVersion)) return;
    } else if (text.size() < kVersionLine.size()) {
      buffer_.skip(text.size());
      return;
    } else {
      buffer_.skip(text.size() - kVersionLine.size() + 1);
    }
  }
}

/// Takes the record at the read position. False: it was skipped and counted.
bool WarcReader::read_record(WarcRecord& record) {
  const auto header_size = read_headers(record.headers);
  const auto length = header_size ? block_length(record.headers) : std::nullopt;
  if (length && *length > limits_.max_block_bytes) {
    buffer_.skip(*header_size);
    skip_block(*length);
    return false;
  }
  const size_t end = length ? *header_size + *length : 0;
  if (!length || !record_ends(end)) {
    count_damage();
    buffer_.skip(kVersion.size());
    return false;
  }
  record.type = record.headers.value("WARC-Type");
  record.target_uri = without_brackets(record.headers.value("WARC-Target-URI"));
  record.date = record.headers.value("WARC-Date");
  record.id = without_brackets(record.headers.value("WARC-Record-ID"));
  record.block = buffer_.peek(end).substr(*header_size, *length);
  buffer_.skip(end);
  return true;
}

/// Reads the version line and the headers; the result is their size with the empty line, or nothing
/// when they are damaged. Another version line is damage too, which keeps hostile files linear.
std::optional<size_t> WarcReader::read_headers(HeaderFields& headers) {
  size_t at = 0;
  for (size_t num_lines = 0; num_lines <= limits_.max_headers; ++num_lines) {
    auto line = line_at(at);
    if (!line) return std::nullopt;
    at += line->size();
    line->remove_suffix(line->ends_with("\r\n") ? 2 : 1);
    if (num_lines == 0) {
      if (*line != "WARC/1.0" && *line != "WARC/1.1") return std::nullopt;
    } else if (line->empty()) {
      return headers.find("WARC-Type") != nullptr ? std::optional(at) : std::nullopt;
    } else if (!headers.add_line(*line)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// The line that begins after `at` bytes, with its line end; nothing when that is missing.
std::optional<std::string_view> WarcReader::line_at(size_t at) {
  size_t searched = at;
  while (true) {
    const std::string_view text = buffer_.peek(searched + 1).substr(0, limits_.max_header_bytes);
    if (text.size() <= searched) return std::nullopt;
    const size_t newline = text.find('\n', searched);
    if (newline != text.npos) return text.substr(at, newline + 1 - at);
    searched = text.size();
  }
}

/// Whether the record that should take `end` bytes does: all are there and trusted, and after them
/// and line ends stands another record, the next member or the end.
bool WarcReader::record_ends(size_t end) {
  if (buffer_.peek(end).size() < end) return false;
  size_t next = end;
  std::string_view text = buffer_.peek(next + 1);
  while (text.size() > next && is_newline(text[next]) && next - end < kMaxNewlines)
    text = buffer_.peek(++next + 1);
  const std::string_view behind = buffer_.peek(next + kVersion.size()).substr(next);
  return (behind.empty() || behind.starts_with(kVersion) || buffer_.member_begins(end, next)) &&
         buffer_.trusted(end);
}

/// Skips the block of an oversized record. A member that begins with a record shows that the length
/// was wrong; in a file of one member, or none, a length is believed up to the file's end.
void WarcReader::skip_block(uint64_t size) {
  ++statistics_.oversized;
  while (size > 0) {
    const std::string_view text = buffer_.peek(kVersion.size());
    if (text.empty() || (text.starts_with(kVersion) && buffer_.member_begins(0, 0))) break;
    const auto step = static_cast<size_t>(std::min<uint64_t>(size, buffer_.until_member()));
    buffer_.skip(step);
    size -= step;
  }
  if (size > 0) count_damage();
  counted_ = true;  // should damage follow, it is this record's
}

}  // namespace flamingo::crawl
