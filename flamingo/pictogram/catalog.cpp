#include "flamingo/pictogram/catalog.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string_view>

#include "flamingo/core/ascii.h"
#include "flamingo/core/checked.h"
#include "flamingo/core/rng.h"
#include "flamingo/pictogram/clipart.h"
#include "flamingo/pictogram/words.h"

namespace flamingo::pictogram {
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
void add_tags(const std::string& list, pictures::PictureClass& pictogram) {
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

bool is_flag_group(const std::string& group) {
  return group == "flags" || group == "country-flag" || group == "subdivision-flag";
}

bool is_animal_or_food(const std::string& topic) {
  return topic == "animals-nature" || topic == "food-drink";
}

/// OpenMoji's groups of what a photograph can show.
bool is_thing(const std::string& topic) {
  return is_animal_or_food(topic) || topic == "travel-places" || topic == "activities" ||
         topic == "objects";
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
  explicit Lister(const Sources& sources) : sources_(sources) {}

  Catalog list() {
    read_openmoji();
    choose_unseen();
    sources_.twemoji.empty() ? read_twitter_names() : read_twemoji_names();
    mark_gendered();
    add_concepts();
    add_flags();
    if (!sources_.clipart.empty()) add_clipart();
    sort_by_class();
    for (pictures::PictureClass& pictogram : catalog_.table.classes) {
      pictogram.mirrorable = is_mirrorable(pictogram);
    }
    return std::move(catalog_);
  }

 private:
  struct Entry {
    pictures::PictureClass pictogram;  ///< its group is OpenMoji's subgroup
    std::string topic;                 ///< OpenMoji's group
    std::string hexcode;
    bool gendered = false;  ///< the male or female form of another
    bool unseen = false;    ///< kept out of training

    const std::string& name() const { return pictogram.name; }
  };

  void read_openmoji() {
    const std::string path = sources_.openmoji + "/data/openmoji.json";
    for (const Json& item : read_list(path, "hexcode")) {
      const auto skin = item.find("skintone");
      const std::string topic = text_at(item, "group");
      const bool toned = skin != item.end() && *skin != Json("");
      if (toned || topic == "component") continue;
      Entry entry{.hexcode = text_at(item, "hexcode")};
      require_plain(entry.hexcode, kHexDigits, path);
      entry.pictogram.key = key_of(entry.hexcode);
      entry.pictogram.name = plain_quotes(text_at(item, "annotation"));
      entry.topic = topic;
      entry.pictogram.group = text_at(item, "subgroups");
      add_tags(text_at(item, "tags"), entry.pictogram);
      add_tags(text_at(item, "openmoji_tags"), entry.pictogram);
      if (keys_.insert(entry.pictogram.key).second) entries_.push_back(std::move(entry));
    }
  }

  /// Which classes training never sees, and the words that would give them away.
  void choose_unseen() {
    for (Entry& entry : entries_) {
      const std::string family = family_of(entry.name());
      const double draw = Rng::for_name(sources_.seed, "family " + family).uniform();
      entry.unseen = sources_.unseen > 0 ? is_thing(entry.topic) && draw < sources_.unseen
                                         : is_animal_or_food(entry.topic);
      if (!entry.unseen) continue;
      unseen_names_.insert(ascii_lower(entry.name()));
      unseen_families_.insert(family);
    }
  }

  void read_twemoji_names() {
    const std::filesystem::path folder = sources_.twemoji + "/dist/svg";
    require(std::filesystem::is_directory(folder), sources_.twemoji,
            "expected Twemoji's drawings in dist/svg, got no such folder");
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().extension() == ".svg")
        twitter_[key_of(file.path().stem().string())] = file.path().string();
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
    for (Entry& entry : entries_) {
      const std::string& key = entry.pictogram.key;
      const std::string neutral = neutral_key(key);
      entry.gendered = neutral != key && keys_.contains(neutral);
    }
  }

  /// Keys of the training concepts whose Twitter drawing is held out: those of the lowest hashes.
  std::set<std::string> held_out() const {
    std::vector<std::pair<uint64_t, std::string>> ranked;
    for (const Entry& entry : entries_) {
      const std::string& key = entry.pictogram.key;
      if (!is_used(entry) || entry.unseen || !twitter_.contains(key)) continue;
      ranked.emplace_back(Rng::for_name(sources_.seed, key).next(), key);
    }
    std::ranges::sort(ranked);
    ranked.resize(static_cast<size_t>(sources_.held_out * static_cast<double>(ranked.size())));
    std::set<std::string> keys;
    for (auto& [hash, key] : ranked) keys.insert(std::move(key));
    return keys;
  }

  bool is_used(const Entry& entry) const {
    const bool leaks = sources_.unseen > 0 ? has_unseen_word(entry.name())
                                           : unseen_names_.contains(ascii_lower(entry.name()));
    const bool flag = is_flag_group(entry.topic) || is_flag_group(entry.pictogram.group);
    return !flag && !entry.name().empty() && (entry.unseen || !leaks);
  }

  bool has_unseen_word(const std::string& text) const {
    return std::ranges::any_of(words_of(text), [this](std::string& word) {
      return unseen_families_.contains(singular(std::move(word)));
    });
  }

  void add_concepts() {
    const auto held = held_out();
    for (const Entry& entry : entries_) {
      if (!is_used(entry)) continue;
      const char* split = entry.unseen ? kUnseenSplit : pictures::kTrainSplit;
      catalog_.table.classes.push_back(entry.pictogram);
      add_drawing(kOpenMoji, split, openmoji_file("color", entry.hexcode));
      add_drawing(kOpenMojiBlack, split, openmoji_file("black", entry.hexcode));
      if (!entry.unseen) add_drawing(kOpenMojiFill, split, openmoji_file("color", entry.hexcode));
      const auto twitter = twitter_.find(entry.pictogram.key);
      if (twitter == twitter_.end()) continue;
      const bool held_back = held.contains(entry.pictogram.key);
      if (held_back && entry.gendered) continue;
      add_drawing(kTwitter, held_back ? kStyleSplit : split, twitter->second);
    }
  }

  void add_flags() {
    const std::string path = sources_.flags + "/country.json";
    std::map<std::string, std::string> openmoji;
    for (const Entry& entry : entries_) openmoji[entry.pictogram.key] = entry.hexcode;
    for (const Json& item : read_list(path, "code")) {
      const std::string code = text_at(item, "code");
      require_plain(code, "abcdefghijklmnopqrstuvwxyz-", path);
      if (code.size() != 2 || item.value("iso", false) == false) continue;
      const std::string key = flag_key(code);
      catalog_.table.classes.push_back(
          {.key = key, .name = plain_quotes(text_at(item, "name")), .group = "country-flag"});
      add_drawing(kFlagIcons, kFlagsSplit, sources_.flags + "/flags/4x3/" + code + ".svg");
      if (const auto it = openmoji.find(key); it != openmoji.end()) {
        add_drawing(kOpenMoji, kFlagsSplit, openmoji_file("color", it->second));
      }
      if (const auto it = twitter_.find(key); it != twitter_.end()) {
        add_drawing(kTwitter, kFlagsSplit, it->second);
      }
    }
  }

  /// Drawings of OpenClipart, of classes that are there or of new ones.
  void add_clipart() {
    std::map<std::string, int64_t> class_by_name;
    std::set<std::string> flags;
    for (size_t i = 0; i < catalog_.table.classes.size(); ++i) {
      const pictures::PictureClass& known = catalog_.table.classes[i];
      class_by_name.try_emplace(ascii_lower(known.name), i);
      if (is_flag_group(known.group)) flags.insert(ascii_lower(known.name));
    }
    for (Clipart& clipart : list_clipart(sources_.clipart)) {
      const bool unseen = unseen_names_.contains(clipart.name);
      const bool leaks = has_unseen_word(clipart.name) ||
                         std::ranges::any_of(clipart.tags, [this](const std::string& tag) {
                           return has_unseen_word(tag);
                         });
      if ((leaks && !unseen) || flags.contains(clipart.name)) continue;
      const auto [known, added] =
          class_by_name.try_emplace(clipart.name, std::ssize(catalog_.table.classes));
      if (added) {
        catalog_.table.classes.push_back({.key = "clipart " + clipart.name,
                                          .name = clipart.name,
                                          .tags = std::move(clipart.tags),
                                          .group = "clipart " + clipart.group});
      }
      add_drawing(kClipart, unseen ? kUnseenSplit : pictures::kTrainSplit, clipart.file,
                  known->second);
    }
  }

  /// Drawings of a class stand together, in the order in which they came.
  void sort_by_class() {
    const auto& pictures = catalog_.table.pictures;
    std::vector<size_t> order(pictures.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&pictures](size_t i) { return pictures[i].class_index; });
    Catalog sorted{.table = {.classes = std::move(catalog_.table.classes)}};
    for (const size_t i : order) {
      sorted.table.pictures.push_back(pictures[i]);
      sorted.files.push_back(std::move(catalog_.files[i]));
    }
    catalog_ = std::move(sorted);
  }

  std::string openmoji_file(const char* kind, const std::string& hexcode) const {
    return sources_.openmoji + "/" + kind + "/svg/" + hexcode + ".svg";
  }

  /// A drawing of the last class.
  void add_drawing(const char* style, const char* split, std::string file) {
    add_drawing(style, split, std::move(file), std::ssize(catalog_.table.classes) - 1);
  }

  void add_drawing(const char* style, const char* split, std::string file, int64_t class_index) {
    catalog_.table.pictures.push_back({.class_index = class_index,
                                       .style = style,
                                       .split = split,
                                       .line_art = style == std::string_view(kOpenMojiBlack)});
    catalog_.files.push_back(std::move(file));
  }

  const Sources& sources_;
  std::vector<Entry> entries_;
  std::set<std::string> keys_;
  std::set<std::string> unseen_names_;
  std::set<std::string> unseen_families_;
  std::map<std::string, std::string> twitter_;  ///< key -> file
  Catalog catalog_;
};

/// Whether `text` has one of `words`, in any case.
bool has_word(const std::string& text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words_of(text), [&words](const std::string& word) {
    return std::ranges::count(words, word) > 0;
  });
}

}  // namespace

Catalog list_pictograms(const Sources& sources) {
  require_within("pictograms", "held_out", sources.held_out, 0, 1);
  require_within("pictograms", "unseen", sources.unseen, 0, 1);
  return Lister(sources).list();
}

bool is_mirrorable(const pictures::PictureClass& pictogram) {
  static constexpr std::array<std::string_view, 24> kWords = {
      "left",      "right",    "leftwards", "rightwards", "clockwise", "counterclockwise",
      "east",      "west",     "northeast", "northwest",  "southeast", "southwest",
      "button",    "keycap",   "letter",    "digit",      "clock",     "forward",
      "backwards", "previous", "next",      "fast",       "indicator", "anticlockwise"};
  static constexpr std::array<std::string_view, 12> kGroups = {
      "alphanum", "arrow", "av-symbol", "currency",           "geometric-arrow", "keycap",
      "math",     "time",  "zodiac",    "regional-indicator", "punctuation",     "country-flag"};
  if (std::ranges::count(kGroups, pictogram.group)) return false;
  if (has_word(pictogram.name, kWords)) return false;
  return std::ranges::none_of(pictogram.tags,
                              [](const std::string& tag) { return has_word(tag, kWords); });
}

}  // namespace flamingo::pictogram
