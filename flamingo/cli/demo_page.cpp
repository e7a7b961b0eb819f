#include "flamingo/cli/demo_page.h"

#include <algorithm>
#include <cstdio>

#include "flamingo/io/base64.h"
#include "flamingo/report/markup.h"

namespace flamingo::cli {
namespace {

constexpr const char* kStyle = R"css(
:root { --ink: #1d1f24; --soft: #666d7a; --paper: #fbfaf8; --card: #fff; --line: #e4e1da; --pink: #d6336c;
        --good: #2b8a3e; --bad: #c92a2a; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceae6; --soft: #a0a4ad; --paper: #17181b; --card: #202226;
        --line: #34373d; --pink: #f783ac; --good: #69db7c; --bad: #ff8787; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 2rem; margin: 0 0 .25rem; } h1 b { color: var(--pink); }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.3rem; } p { margin: .25rem 0 1rem; color: var(--soft); }
.example { display: grid; grid-template-columns: 1fr 15rem; gap: 1.25rem; background: var(--card);
           border: 1px solid var(--line); border-radius: 12px; padding: 1rem; margin: .75rem 0; }
@media (max-width: 720px) { .example { grid-template-columns: 1fr; } }
.prompt { display: flex; flex-wrap: wrap; gap: .75rem; align-items: flex-end; align-content: center; }
figure { margin: 0; text-align: center; } figure img { width: 96px; height: 96px; object-fit: contain; background: #fff;
         border-radius: 8px; border: 1px solid var(--line); display: block; }
figure.clip { display: flex; gap: 2px; padding: 4px; border: 2px solid var(--pink); border-radius: 10px; }
.shown { position: relative; } .looked { position: absolute; inset: 1px; display: grid; border-radius: 8px; overflow: hidden; }
.looked i { background: var(--pink); }
figcaption, .note { font-size: .75rem; color: var(--soft); }
.text { font-family: ui-monospace, Menlo, monospace; font-size: .82rem; white-space: pre-wrap; max-width: 16rem; }
.answer { border-left: 3px solid var(--pink); padding-left: 1rem; } .answer .said { font-size: 1.15rem; font-weight: 600; }
.ok { color: var(--good); } .no { color: var(--bad); }
)css";

/// A veil over the picture, denser where covering it would cost the answer more of its probability.
std::string looked_html(const generate::OcclusionMap& looked) {
  if (looked.drops.empty()) return "";
  constexpr double kDensest = 0.6, kLeast = 0.02;
  const double most = std::max(kLeast, *std::ranges::max_element(looked.drops));
  std::string html = "<div class=\"looked\" style=\"grid-template-columns:repeat(" +
                     std::to_string(looked.side) + ",1fr)\">";
  for (const double drop : looked.drops) {
    char cell[48];
    std::snprintf(cell, sizeof cell, "<i style=\"opacity:%.2f\"></i>",
                  kDensest * std::max(0.0, drop) / most);
    html += cell;
  }
  return html + "</div>";
}

std::string picture_html(const PagePiece& piece) {
  std::string html = piece.png.size() > 1 ? "<figure class=\"clip\">" : "<figure>";
  for (size_t i = 0; i < piece.png.size(); ++i) {
    html += "<div class=\"shown\"><img alt=\"picture\" src=\"data:image/png;base64," +
            io::base64_encode(piece.png[i]) + "\">" + looked_html(piece.looked);
    if (i < piece.captions.size())
      html += "<figcaption>" + report::escape_markup(piece.captions[i]) + "</figcaption>";
    html += "</div>";
  }
  return html + "</figure>\n";
}

std::string example_html(const PageExample& example) {
  std::string html = "<div class=\"example\"><div class=\"prompt\">\n";
  for (const auto& piece : example.prompt) {
    html += piece.png.empty()
                ? "<div class=\"text\">" + report::escape_markup(piece.text) + "</div>\n"
                : picture_html(piece);
  }
  html +=
      "</div><div class=\"answer\"><div class=\"note\">flamingo says</div><div class=\"said\">" +
      report::escape_markup(example.answer) + "</div>";
  if (!example.ranking.empty())
    html += "<div class=\"note\">" + report::escape_markup(example.ranking) + "</div>";
  if (!example.truth.empty()) {
    html += "<div class=\"" + std::string(example.correct ? "ok" : "no") +
            "\">true answer: " + report::escape_markup(example.truth) + "</div>";
  }
  return html + "<div class=\"note\">" + report::escape_markup(example.note) +
         "</div></div></div>\n";
}

}  // namespace

std::string render_page(const std::string& title, const std::string& about,
                        const std::vector<PageSection>& sections) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
      report::escape_markup(title) + "</title><style>" + kStyle + "</style></head><body>\n<h1>" +
      report::escape_markup(title) + "</h1>\n<p>" + report::escape_markup(about) + "</p>\n";
  for (const auto& section : sections) {
    html += "<h2>" + report::escape_markup(section.title) + "</h2>\n<p>" +
            report::escape_markup(section.about) + "</p>\n";
    for (const auto& example : section.examples) html += example_html(example);
  }
  return html + "</body></html>\n";
}

}  // namespace flamingo::cli
