#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "flamingo/core/file.h"
#include "flamingo/pictogram/catalog.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::testing {

/// One entry of openmoji.json.
inline Json openmoji_entry(const std::string& hexcode, const std::string& name,
                           const std::string& group, const std::string& subgroup) {
  return {{"hexcode", hexcode},
          {"annotation", name},
          {"group", group},
          {"subgroups", subgroup},
          {"tags", "one, " + name + ", two"},
          {"openmoji_tags", "two, three"},
          {"skintone", ""}};
}

/// One entry of emoji.json.
inline Json twitter_entry(const std::string& unified, const std::string& image) {
  return {{"unified", unified}, {"image", image}, {"has_img_twitter", true}};
}

/// A drawing of a small square in a corner of its page, with OpenClipart's metadata.
inline std::string clipart_svg(const std::string& title, const std::vector<std::string>& keywords) {
  std::string list;
  for (const std::string& keyword : keywords) list += "<rdf:li>" + keyword + "</rdf:li>";
  return "<svg xmlns='http://www.w3.org/2000/svg' xmlns:cc='http://web.resource.org/cc/' "
         "xmlns:dc='http://purl.org/dc/elements/1.1/' "
         "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' viewBox='0 0 100 100'>"
         "<metadata><rdf:RDF><cc:Work rdf:about=''><dc:title>" +
         title + "</dc:title><dc:subject><rdf:Bag>" + list +
         "</rdf:Bag></dc:subject></cc:Work></rdf:RDF></metadata>"
         "<rect x='70' y='80' width='20' height='10' fill='#00f'/></svg>";
}

/// Folders with the three packages' listings: 2 objects (1F4F7 camera, 1F511 left key), a person
/// with a man's form, a toned hand, an apple and an extra with its name, two flags.
inline pictogram::Sources tiny_packages(const TemporaryFolder& folder) {
  Json openmoji = {openmoji_entry("1F4F7", "camera", "objects", "light-video"),
                   openmoji_entry("1F511-FE0F", "left key", "objects", "lock"),
                   openmoji_entry("1F9D1-200D-1F373", "cook", "people-body", "person-role"),
                   openmoji_entry("1F468-200D-1F373", "man cook", "people-body", "person-role"),
                   openmoji_entry("1F44B-1F3FB", "hand: light", "people-body", "hand"),
                   openmoji_entry("1F34E", "red apple", "food-drink", "food-fruit"),
                   openmoji_entry("E0AA", "red apple", "extras-openmoji", "food-drink"),
                   openmoji_entry("1F1E9-1F1EA", "flag: Germany", "flags", "country-flag"),
                   openmoji_entry("1F3F4", "black flag", "flags", "flag")};
  openmoji[4]["skintone"] = 1;
  const Json twitter = {twitter_entry("1F4F7", "1f4f7.png"), twitter_entry("1F511", "1f511.png"),
                        twitter_entry("1F468-200D-1F373", "1f468-200d-1f373.png"),
                        twitter_entry("1F34E", "1f34e.png"),
                        twitter_entry("1F1E9-1F1EA", "1f1e9-1f1ea.png")};
  const Json countries = {{{"code", "de"}, {"name", "Germany"}, {"iso", true}},
                          {{"code", "eu"}, {"name", "Europe"}, {"iso", false}}};
  for (const char* name :
       {"o/data", "o/color/svg", "o/black/svg", "t/img/twitter/64", "f/flags/4x3"}) {
    std::filesystem::create_directories(folder.file(name));
  }
  write_file_atomic(folder.file("o/data/openmoji.json"), openmoji.dump());
  write_file_atomic(folder.file("t/emoji.json"), twitter.dump());
  write_file_atomic(folder.file("f/country.json"), countries.dump());
  return {.openmoji = folder.file("o"), .twitter = folder.file("t"), .flags = folder.file("f")};
}

}  // namespace flamingo::testing
