#include "flamingo/pictogram/clipart.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/utf8.h"
#include "flamingo/html/tree.h"
#include "flamingo/pictogram/words.h"

namespace flamingo::pictogram {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxClipart = 4ull << 20;
constexpr size_t kMaxWords = 6;

/// Beginnings of folders whose drawings show no thing.
constexpr std::array<std::string_view, 17> kLeftOut = {
    "shapes",          "special",    "signs_and_symbols/flags", "signs_and_symbols/led",
    "computer/icons",  "logos",      "signs_and_symbols/map",   "signs_and_symbols/clocks",
    "computer/button", "buttons",    "computer/folders",        "recreation/games/cards",
    "people/smilies",  "decoration", "transportation/roads",    "transportation/aiga",
    "people/stickmen"};
/// Folders that show none (signs, maps, anything), though folders in them do.
constexpr std::array<std::string_view, 4> kLeftOutThemselves = {
    "signs_and_symbols", "geography", "unsorted", "people/clothing/pantyhose"};

bool is_left_out(const std::string& folder) {
  return std::ranges::count(kLeftOutThemselves, folder) > 0 ||
         std::ranges::any_of(kLeftOut, [&folder](auto begin) { return folder.starts_with(begin); });
}

/// Words that say how a drawing is made, whose it is or where it was filed.
constexpr std::array<std::string_view, 21> kNoise = {
    "clipart", "icon",       "icons",     "svg",     "bw",      "md",          "symbol",
    "logo",    "drawing",    "vector",    "simple",  "cartoon", "outline",     "theme",
    "iconset", "collection", "revisited", "contour", "ganson",  "openclipart", "illustration"};

/// Words that begin a collection's title.
constexpr std::array<std::string_view, 7> kCollections = {
    "clipart by",  "various cliparts", "lemon svg",   "etiquette icons",
    "aiga_symbol", "svg road",         "part of the "};

bool is_noise(const std::string& word) {
  return std::ranges::count(kNoise, word) > 0 ||
         (word.size() == 1 && word != "a" && static_cast<unsigned char>(word[0]) < 0x80);
}

/// Words with one space between, without noise and an article before them; "" for too many.
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  size_t count = 0;
  for (const std::string& word : words) {
    const bool article = text.empty() && (word == "a" || word == "an" || word == "the");
    if (article || is_noise(word)) continue;
    text += (text.empty() ? "" : " ") + word;
    ++count;
  }
  return count <= kMaxWords ? text : std::string();
}

/// In small letters, what is in front of the first of the marks that set a remark apart.
std::string without_remark(const std::string& title) {
  std::string text = ascii_lower(title);
  for (const char* mark : {" - ", "(", ",", " drawn "}) text = text.substr(0, text.find(mark));
  return text;
}

bool is_collection(const std::string& title) {
  const std::string lower = ascii_lower(title);
  return std::ranges::any_of(kCollections,
                             [&lower](std::string_view begin) { return lower.starts_with(begin); });
}

/// All text below a node.
void append_text(const GumboNode* node, std::string& text) {
  if (html::is_text(node)) text += node->v.text.text;
  for (const GumboNode* child : html::children(node)) append_text(child, text);
}

/// The trimmed texts of all elements of this name, in order.
void find_texts(const GumboNode* node, std::string_view name, std::vector<std::string>& found) {
  if (html::is_element(node) && html::has_unknown_name(node, name)) {
    std::string text;
    append_text(node, text);
    if (const auto trimmed = ascii_trim(text); !trimmed.empty()) found.emplace_back(trimmed);
  }
  for (const GumboNode* child : html::children(node)) find_texts(child, name, found);
}

/// Title and keywords as Dublin Core in an SVG's <rdf:RDF>; empty where there are none.
struct Metadata {
  std::string title;
  std::vector<std::string> keywords;
};

Metadata read_metadata(const std::string& path) {
  const std::string svg = read_file(path, kMaxClipart);
  const size_t begin = svg.find("<rdf:RDF");
  const size_t end = svg.find("</rdf:RDF>", std::min(begin, svg.size()));
  Metadata metadata;
  if (end == svg.npos || !is_utf8(svg)) return metadata;
  const auto tree =
      html::HtmlTree::parse(std::string_view(svg).substr(begin, end - begin), {}, path);
  std::vector<std::string> titles, keywords;
  find_texts(tree.root(), "dc:title", titles);
  find_texts(tree.root(), "rdf:li", keywords);
  if (!titles.empty()) metadata.title = titles.front();
  for (const std::string& keyword : keywords) {
    const std::string tag = joined(words_of(keyword));
    const bool known = std::ranges::count(metadata.keywords, tag) > 0;
    if (!tag.empty() && !tag.starts_with("hash") && !known) metadata.keywords.push_back(tag);
  }
  return metadata;
}

}  // namespace

std::string clipart_name(const std::string& title, const std::string& file) {
  const auto file_words = words_of(fs::path(file).stem().string());
  const auto title_words = words_of(without_remark(title));
  const bool told = std::ranges::any_of(title_words, [&file_words](const std::string& word) {
    return std::ranges::any_of(file_words, [&word](const std::string& other) {
      return word.size() > 2 && (other.starts_with(word) || word.starts_with(other));
    });
  });
  return joined(told && !is_collection(title) ? title_words : file_words);
}

std::vector<Clipart> list_clipart(const std::string& folder) {
  require(fs::is_directory(folder), folder, "expected a folder of OpenClipart, got none");
  std::vector<Clipart> drawings;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".svg") continue;
    const fs::path place = fs::relative(entry.path(), folder);
    const std::string group = place.parent_path().string();
    const bool italian = place.string().find("architetto") != std::string::npos;
    if (is_left_out(group) || italian) continue;
    Metadata metadata = read_metadata(entry.path().string());
    std::string name = clipart_name(metadata.title, place.filename().string());
    if (name.empty()) continue;
    std::erase(metadata.keywords, name);
    drawings.push_back(
        {entry.path().string(), std::move(name), std::move(metadata.keywords), group});
  }
  require(!drawings.empty(), folder, "expected SVG files of OpenClipart, got none");
  std::ranges::sort(drawings, {}, &Clipart::file);
  return drawings;
}

}  // namespace flamingo::pictogram
