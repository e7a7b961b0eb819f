#pragma once

#include <string>
#include <vector>

#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/media/image.h"

namespace flamingo::testing {

/// PNG bytes of a picture that no other seed gives: 8 x 8 blocks of random colours.
inline std::string random_picture(uint64_t seed, int64_t side = 96) {
  Rng rng(seed);
  std::vector<uint8_t> blocks(8 * 8 * 3);
  for (uint8_t& value : blocks) value = static_cast<uint8_t>(rng.below(256));
  media::Image image{.height = side, .width = side};
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        image.pixels.push_back(
            blocks[static_cast<size_t>((y * 8 / side * 8 + x * 8 / side) * 3 + c)]);
      }
    }
  }
  return media::encode_png(image);
}

/// English enough for every text rule, and unlike the text of any other seed.
inline std::string random_prose(uint64_t seed, int sentences = 12) {
  static const std::vector<std::string> kSubjects = {"river",  "garden",  "teacher", "engine",
                                                     "window", "village", "painter", "library"};
  static const std::vector<std::string> kVerbs = {"follows", "crosses",  "remembers", "measures",
                                                  "carries", "improves", "protects",  "describes"};
  static const std::vector<std::string> kObjects = {
      "mountain", "letter", "harbour", "machine", "season", "picture", "question", "market",
      "forest",   "bridge", "story",   "animal",  "valley", "recipe",  "island",   "journey"};
  Rng rng(seed);
  const auto pick = [&](const std::vector<std::string>& words) {
    return words[rng.below(words.size())];
  };
  std::string text;
  for (int i = 0; i < sentences; ++i) {
    const std::string first = pick(kObjects), second = pick(kObjects), verb = pick(kVerbs);
    const std::string who = pick(kSubjects), number = std::to_string(rng.below(100000));
    const std::string sentences_of_all_kinds[] = {
        "The " + who + " " + verb + " a " + first + " of " + number + " friends. ",
        "People have to be patient with every " + first + " and " + second + ". ",
        "In year " + number + " nobody " + verb + " that " + first + " any more. ",
        "Between " + first + " and " + second + " stands a small " + who + ". ",
        "Whoever " + verb + " it finds " + number + " reasons to smile. ",
        "My " + who + " likes " + first + ", your " + second + " does not. ",
        "Some say this " + first + " was painted after sunset near a " + second + ". ",
        "Only one " + who + " in " + number + " ever " + verb + " such weather. ",
        "Could the " + second + " be older than our " + first + "? ",
        "Visitors with a " + first + " should take the left road past a " + who + ". ",
        "Early snow " + verb + " everything except for the " + second + ". ",
        "Last of all came a " + who + " with " + number + " empty boxes. "};
    text += sentences_of_all_kinds[i % 12];
  }
  return text;
}

/// A page with a heading, prose and pictures by their file names.
inline std::string page_html(const std::string& title, const std::string& prose,
                             const std::vector<std::string>& pictures) {
  std::string html = "<html><head><title>" + title + "</title></head><body><h1>" + title +
                     "</h1><p>" + prose + "</p>";
  for (const std::string& picture : pictures) {
    html += "<p><img src=\"" + picture + "\" alt=\"picture " + picture + "\"></p>";
  }
  return html + "</body></html>";
}

/// Writes <folder>/page<i>.html with its own prose and <folder>/page<i>.png, for i below `pages`.
inline void write_site(const std::string& folder, int pages) {
  make_folder(folder);
  for (int i = 0; i < pages; ++i) {
    const std::string name = "page" + std::to_string(i);
    const auto seed = static_cast<uint64_t>(i) + 1000;
    write_file_atomic(folder + "/" + name + ".png", random_picture(seed));
    write_file_atomic(folder + "/" + name + ".html",
                      page_html(name, random_prose(seed), {name + ".png"}));
  }
}

}  // namespace flamingo::testing
