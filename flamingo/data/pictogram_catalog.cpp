#include "flamingo/data/pictogram_catalog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

namespace flamingo::data {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEFabcdef-";

/// Text fields of foreign JSON: "" when absent or not a string.
std::string text_at(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// A list of objects that all have the string `name`.
Json read_list(const std::string& path, const char* name) {
  Json list = read_json_file(path);
  require(list.is_array() && !list.empty(), path, "expected a list of objects");
  for (const Json& item : list) {
    require(item.is_object() && !text_at(item, name).empty(), path,
            "expected every entry to have a \"{}\"", name);
  }
  return list;
}

/// Guards against a listing that leads out of its folder.
void require_plain(const std::string& text, std::string_view allowed, const std::string& where) {
  require(!text.empty() && text.find_first_not_of(allowed) == std::string::npos, where,
          "expected a plain file name, got \"{}\"", text);
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  size_t begin = 0;
  for (size_t at = 0; (at = text.find(from, begin)) != text.npos; begin = at + from.size()) {
    result.append(text.substr(begin, at - begin)).append(to);
  }
  return result.append(text.substr(begin));
}

/// Code points in upper case, without the variation selector that only asks for colour.
std::string key_of(std::string code_points) {
  std::ranges::transform(code_points, code_points.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return replace_all(code_points, "-FE0F", "");
}

/// Typographic quotes become ASCII ones.
std::string plain_quotes(std::string text) {
  text = replace_all(text, "\xE2\x80\x99", "'");
  text = replace_all(text, "\xE2\x80\x9C", "\"");
  return replace_all(text, "\xE2\x80\x9D", "\"");
}

/// "a, b" -> a and b, without repeats and without `name` itself.
void add_tags(const std::string& list, PictogramConcept& pictogram) {
  size_t begin = 0;
  while (begin < list.size()) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    const size_t first = std::min(list.find_first_not_of(' ', begin), comma);
    std::string tag = plain_quotes(list.substr(first, comma - first));
    while (!tag.empty() && tag.back() == ' ') tag.pop_back();
    if (!tag.empty() && tag != pictogram.name && !std::ranges::count(pictogram.tags, tag)) {
      pictogram.tags.push_back(tag);
    }
    begin = comma + 1;
  }
}

bool is_flag(const PictogramConcept& pictogram) {
  return pictogram.group == "flags" || pictogram.subgroup == "flags" ||
         pictogram.subgroup == "subdivision-flag";
}

bool is_unseen_group(const std::string& group) {
  return group == "animals-nature" || group == "food-drink";
}

/// The key of the form without a gender, or the key itself.
std::string neutral_key(std::string key) {
  key = replace_all(key, "-200D-2640", "");
  key = replace_all(key, "-200D-2642", "");
  key = replace_all(key, "1F468", "1F9D1");
  return replace_all(key, "1F469", "1F9D1");
}

/// The flag emoji of an ISO code: two regional indicators.
std::string flag_key(const std::string& code) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string key;
  for (const char letter : code) {
    const int point = 0x1E6 + (letter - 'a');
    key += (key.empty() ? "1F" : "-1F");
    for (const int shift : {8, 4, 0}) key += kDigits[(point >> shift) & 15];
  }
  return key;
}

/// Collects the catalogue; one object per call of list_pictograms.
class Lister {
 public:
  explicit Lister(const PictogramSources& sources) : sources_(sources) {}

  PictogramCatalog list() {
    read_openmoji();
    read_twitter_names();
    mark_gendered();
    add_concepts();
    add_flags();
    for (PictogramConcept& pictogram : catalog_.concepts) {
      pictogram.mirrorable = is_mirrorable(pictogram);
    }
    return std::move(catalog_);
  }

 private:
  struct Entry {
    PictogramConcept pictogram;
    std::string hexcode;
  };

  void read_openmoji() {
    const std::string path = sources_.openmoji + "/data/openmoji.json";
    for (const Json& item : read_list(path, "hexcode")) {
      const auto skin = item.find("skintone");
      const std::string group = text_at(item, "group");
      const bool toned = skin != item.end() && *skin != Json("");
      if (toned || group == "component") continue;
      Entry entry{.hexcode = text_at(item, "hexcode")};
      require_plain(entry.hexcode, kHexDigits, path);
      entry.pictogram.key = key_of(entry.hexcode);
      entry.pictogram.name = plain_quotes(text_at(item, "annotation"));
      entry.pictogram.group = group;
      entry.pictogram.subgroup = text_at(item, "subgroups");
      add_tags(text_at(item, "tags"), entry.pictogram);
      add_tags(text_at(item, "openmoji_tags"), entry.pictogram);
      if (is_unseen_group(group)) unseen_names_.insert(entry.pictogram.name);
      if (keys_.insert(entry.pictogram.key).second) entries_.push_back(std::move(entry));
    }
  }

  void read_twitter_names() {
    const std::string path = sources_.twitter + "/emoji.json";
    for (const Json& item : read_list(path, "unified")) {
      const auto drawn = item.find("has_img_twitter");
      if (drawn == item.end() || *drawn != true) continue;
      const std::string image = text_at(item, "image");
      require(image.ends_with(".png"), path, "expected a PNG, got \"{}\"", image);
      require_plain(image.substr(0, image.size() - 4), kHexDigits, path);
      twitter_[key_of(text_at(item, "unified"))] = sources_.twitter + "/img/twitter/64/" + image;
    }
  }

  void mark_gendered() {
    for (auto& [pictogram, hexcode] : entries_) {
      const std::string neutral = neutral_key(pictogram.key);
      pictogram.gendered = neutral != pictogram.key && keys_.contains(neutral);
    }
  }

  /// Keys of the training concepts whose Twitter drawing is held out: those of the lowest hashes.
  std::set<std::string> held_out() const {
    std::vector<std::pair<uint64_t, std::string>> ranked;
    for (const auto& [pictogram, hexcode] : entries_) {
      if (!is_used(pictogram) || is_unseen_group(pictogram.group)) continue;
      if (!twitter_.contains(pictogram.key)) continue;
      ranked.emplace_back(Rng::for_name(sources_.seed, pictogram.key).next(), pictogram.key);
    }
    std::ranges::sort(ranked);
    ranked.resize(static_cast<size_t>(sources_.held_out * static_cast<double>(ranked.size())));
    std::set<std::string> keys;
    for (auto& [hash, key] : ranked) keys.insert(std::move(key));
    return keys;
  }

  bool is_used(const PictogramConcept& pictogram) const {
    const bool leaks = unseen_names_.contains(pictogram.name) && !is_unseen_group(pictogram.group);
    return !is_flag(pictogram) && !leaks && !pictogram.name.empty();
  }

  void add_concepts() {
    const auto held = held_out();
    for (const auto& [pictogram, hexcode] : entries_) {
      if (!is_used(pictogram)) continue;
      const auto split =
          is_unseen_group(pictogram.group) ? PictogramSplit::kUnseen : PictogramSplit::kTrain;
      catalog_.concepts.push_back(pictogram);
      catalog_.concepts.back().split = split;
      add_drawing(PictogramStyle::kColour, split, openmoji_file("color", hexcode));
      add_drawing(PictogramStyle::kOutline, split, openmoji_file("black", hexcode));
      if (split == PictogramSplit::kTrain) {
        add_drawing(PictogramStyle::kFill, split, openmoji_file("color", hexcode));
      }
      const auto twin = twitter_.find(pictogram.key);
      if (twin == twitter_.end()) continue;
      const bool held_back = held.contains(pictogram.key);
      if (held_back && pictogram.gendered) continue;
      add_drawing(PictogramStyle::kTwitter, held_back ? PictogramSplit::kStyle : split,
                  twin->second);
    }
  }

  void add_flags() {
    const std::string path = sources_.flags + "/country.json";
    std::map<std::string, std::string> openmoji;
    for (const auto& [pictogram, hexcode] : entries_) openmoji[pictogram.key] = hexcode;
    for (const Json& item : read_list(path, "code")) {
      const std::string code = text_at(item, "code");
      require_plain(code, "abcdefghijklmnopqrstuvwxyz-", path);
      if (code.size() != 2 || item.value("iso", false) == false) continue;
      const std::string key = flag_key(code);
      catalog_.concepts.push_back({.key = key,
                                   .name = plain_quotes(text_at(item, "name")),
                                   .group = "flags",
                                   .subgroup = "country-flag",
                                   .split = PictogramSplit::kFlags});
      add_drawing(PictogramStyle::kFlag, PictogramSplit::kFlags,
                  sources_.flags + "/flags/4x3/" + code + ".svg");
      if (const auto it = openmoji.find(key); it != openmoji.end()) {
        add_drawing(PictogramStyle::kColour, PictogramSplit::kFlags,
                    openmoji_file("color", it->second));
      }
      if (const auto it = twitter_.find(key); it != twitter_.end()) {
        add_drawing(PictogramStyle::kTwitter, PictogramSplit::kFlags, it->second);
      }
    }
  }

  std::string openmoji_file(const char* kind, const std::string& hexcode) const {
    return sources_.openmoji + "/" + kind + "/svg/" + hexcode + ".svg";
  }

  /// A drawing of the last concept.
  void add_drawing(PictogramStyle style, PictogramSplit split, std::string file) {
    catalog_.drawings.push_back(
        {.concept_index = std::ssize(catalog_.concepts) - 1, .style = style, .split = split});
    catalog_.files.push_back(std::move(file));
  }

  const PictogramSources& sources_;
  std::vector<Entry> entries_;
  std::set<std::string> keys_;
  std::set<std::string> unseen_names_;
  std::map<std::string, std::string> twitter_;  ///< key -> file
  PictogramCatalog catalog_;
};

/// Whether `text` has one of `words` between non-letters.
bool has_word(const std::string& text, std::span<const std::string_view> words) {
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = begin;
    while (end < text.size() && ((text[end] | 32) >= 'a' && (text[end] | 32) <= 'z')) ++end;
    const auto word = std::string_view(text).substr(begin, end - begin);
    if (std::ranges::count(words, word)) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

PictogramCatalog list_pictograms(const PictogramSources& sources) {
  require(sources.held_out >= 0 && sources.held_out <= 1, "pictograms.held_out",
          "expected 0 to 1, got {}", sources.held_out);
  return Lister(sources).list();
}

bool is_mirrorable(const PictogramConcept& pictogram) {
  static constexpr std::array<std::string_view, 24> kWords = {
      "left",      "right",    "leftwards", "rightwards", "clockwise", "counterclockwise",
      "east",      "west",     "northeast", "northwest",  "southeast", "southwest",
      "button",    "keycap",   "letter",    "digit",      "clock",     "forward",
      "backwards", "previous", "next",      "fast",       "indicator", "anticlockwise"};
  static constexpr std::array<std::string_view, 12> kSubgroups = {
      "alphanum", "arrow", "av-symbol", "currency",           "geometric-arrow", "keycap",
      "math",     "time",  "zodiac",    "regional-indicator", "punctuation",     "country-flag"};
  if (std::ranges::count(kSubgroups, pictogram.subgroup)) return false;
  if (has_word(pictogram.name, kWords)) return false;
  return std::ranges::none_of(pictogram.tags,
                              [](const std::string& tag) { return has_word(tag, kWords); });
}

}  // namespace flamingo::data
