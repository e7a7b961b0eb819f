#include "flamingo/crawl/body_sniff.h"

#include <algorithm>
#include <array>
#include <span>

#include "flamingo/core/ascii.h"
#include "flamingo/media/probe.h"
#include "flamingo/text/unicode.h"

namespace flamingo::crawl {
namespace {

constexpr size_t kSniffedBytes = 1445;  // what the standard calls the resource header
constexpr size_t kTellingBytes = 128;   // compressed ones have a binary byte among so many
constexpr size_t kMaxPrologue = 16 << 10;
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

constexpr std::array<std::string_view, 18> kPageStarts{
    "<!doctype html", "<html", "<head",  "<script", "<iframe", "<h1",   "<div", "<font",
    "<table",         "<a",    "<style", "<title",  "<b",      "<body", "<br",  "<p",
    "<meta",          "<link"};

void skip_space(std::string_view& text) {
  while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
}

/// Takes an XML declaration or a comment off the front; false where there is none with an end.
bool skip_prologue(std::string_view& text) {
  const bool comment = text.starts_with("<!--");
  if (!comment && !text.starts_with("<?xml")) return false;
  const std::string_view end = comment ? "-->" : "?>";
  const size_t at = text.find(end, 4);
  if (at == text.npos) return false;
  text.remove_prefix(at + end.size());
  return true;
}

bool begins_with_tag(std::string_view text, std::string_view tag) {
  return text.size() > tag.size() && ascii_iequal(text.substr(0, tag.size()), tag) &&
         (text[tag.size()] == '>' || is_ascii_space(text[tag.size()]));
}

bool is_binary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 && std::string_view("\t\n\f\r\x1B").find(c) == std::string_view::npos;
}

}  // namespace

bool begins_html(std::string_view body) {
  std::string_view text = body.substr(0, kMaxPrologue);
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  const bool comment = ascii_trim(text).starts_with("<!--");
  do {
    skip_space(text);
  } while (skip_prologue(text));
  return comment || std::ranges::any_of(kPageStarts, [&](std::string_view tag) {
           return begins_with_tag(text, tag);
         });
}

bool is_uncompressed(std::string_view body) {
  if (media::image_format(std::as_bytes(std::span(body)))) return true;
  if (body.starts_with("\xFE\xFF") || body.starts_with("\xFF\xFE")) return true;  // UTF-16
  const std::string_view start = body.substr(0, kSniffedBytes);
  if (std::ranges::any_of(start, is_binary)) return false;
  return start.size() >= kTellingBytes || text::repair_utf8(start) == start;
}

}  // namespace flamingo::crawl
