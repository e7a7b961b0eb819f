#include "flamingo/corpus/samples_page.h"

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/document/edit.h"
#include "flamingo/io/base64.h"
#include "flamingo/report/markup.h"

namespace flamingo::corpus {
namespace {

constexpr const char* kStyle = R"css(
:root { --ink: #1d1f24; --soft: #666d7a; --paper: #fbfaf8; --card: #fff; --line: #e4e1da; --pink: #d6336c; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceae6; --soft: #a0a4ad; --paper: #17181b; --card: #202226;
  --line: #34373d; --pink: #f783ac; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 960px; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h2 { margin: 2.5rem 0 .5rem; } h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem;
  margin: 1rem 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
.note { color: var(--soft); font-size: .8rem; overflow-wrap: anywhere; }
figure { margin: .5rem 0; padding-left: .75rem; border-left: 3px solid var(--pink); }
figure img, figure video { max-width: 100%; max-height: 320px; background: #fff; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .5rem;
  border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; }
)css";

std::string mime_of(const document::MediaItem& media_item) {
  const std::string format = media_item.format == "jpg" ? "jpeg" : media_item.format;
  return (media_item.kind == document::MediaKind::kVideo ? "video/" : "image/") + format;
}

std::string note(const std::string& text) {
  return "<div class=\"note\">" + report::escape_markup(text) + "</div>\n";
}

std::string media_item_html(const document::MediaItem& media_item, uint64_t max_bytes) {
  std::string html = "<figure>";
  if (media_item.bytes.size() > max_bytes) {
    html += note("a file of " + std::to_string(media_item.bytes.size()) + " bytes, not shown");
  } else {
    const std::string data = "src=\"data:" + report::escape_markup(mime_of(media_item)) +
                             ";base64," + io::base64_encode(media_item.bytes);
    html += media_item.kind == document::MediaKind::kVideo
                ? "<video controls loop muted " + data + "\"></video>"
                : "<img loading=\"lazy\" alt=\"" + report::escape_markup(media_item.alt) + "\" " +
                      data + "\">";
  }
  std::string about = media_item.format;
  if (media_item.width > 0) {
    about += ", " + std::to_string(media_item.width) + " x " + std::to_string(media_item.height);
  }
  if (!media_item.alt.empty()) about += ", described as \"" + media_item.alt + "\"";
  return html + note(about) + "</figure>\n";
}

std::string document_html(const document::Document& document, const std::string& key,
                          uint64_t max_bytes) {
  const std::string& title = document.title.empty() ? key : document.title;
  std::string html = "<article><h3>" + report::escape_markup(title) + "</h3>\n";
  html += note(key + (document.url.empty() ? "" : ", " + document.url) +
               (document.licence.empty() ? "" : ", licence: " + document.licence) + ", " +
               std::to_string(document::count_words(document)) + " words, " +
               std::to_string(document.media.size()) + " media");
  for (const document::Part& part : document.parts) {
    if (part.is_text()) {
      html += "<div class=\"text\">" + report::escape_markup(part.text) + "</div>\n";
    } else {
      html += media_item_html(document.media[static_cast<size_t>(part.media_item)], max_bytes);
    }
  }
  return html + "</article>\n";
}

std::string row_html(const std::string& name, int64_t pages, int64_t media) {
  return "<tr><td>" + report::escape_markup(name) + "</td><td class=\"number\">" +
         std::to_string(pages) + "</td><td class=\"number\">" + std::to_string(media) +
         "</td></tr>\n";
}

std::string counts_html(const BuildReport& report) {
  std::string html =
      "<h2>What was kept and dropped</h2>\n<table><tr><th>rule</th><th class=\"number\">pages</th>"
      "<th class=\"number\">media</th></tr>\n";
  html += row_html("seen", report.pages_seen(), report.media_seen());
  for (const auto& [rule, count] : report.dropped()) {
    html += row_html("dropped by " + rule, count.pages, count.media);
  }
  return html + row_html("kept", report.pages_kept(), report.media_kept()) + "</table>\n";
}

std::string examples_html(const BuildReport& report) {
  auto examples = report.examples();
  std::ranges::stable_sort(examples, {}, &DropExample::rule);
  std::string html =
      "<h2>Examples of what was dropped</h2>\n<table><tr><th>rule</th>"
      "<th>what</th></tr>\n";
  for (const DropExample& example : examples) {
    html += "<tr><td>" + report::escape_markup(example.rule) + note(example.detail) + "</td><td>" +
            note(example.url);
    if (!example.excerpt.empty()) {
      html += "<details><summary>text</summary><div class=\"text\">" +
              report::escape_markup(example.excerpt) + "</div></details>";
    }
    html += "</td></tr>\n";
  }
  return html + "</table>\n";
}

std::string sample_html(const document::DocumentFile& file, int64_t index, uint64_t max_bytes) {
  try {
    return document_html(file.read(index), file.key(index), max_bytes);
  } catch (const Error& error) {
    return "<article><h3>" + report::escape_markup(file.key(index)) + "</h3>" + note(error.what()) +
           "</article>\n";
  }
}

}  // namespace

std::string samples_page(const document::DocumentFile& file, const BuildReport* report,
                         const SamplesPageOptions& options) {
  const int64_t shown = std::min(options.samples, file.size());
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>" +
      report::escape_markup(options.title) + "</title><style>" + kStyle +
      "</style></head><body>\n<h1>" + report::escape_markup(options.title) + "</h1>\n" +
      note(std::to_string(shown) + " of " + std::to_string(file.size()) + " documents");
  if (report != nullptr) html += counts_html(*report);
  html += "<h2>Documents</h2>\n";
  for (int64_t i = 0; i < shown; ++i) {
    html += sample_html(file, i * file.size() / shown, options.max_media_bytes);
  }
  if (report != nullptr && !report->examples().empty()) html += examples_html(*report);
  return html + "</body></html>\n";
}

}  // namespace flamingo::corpus
