#pragma once

#include <string>
#include <vector>

namespace flamingo::pictogram {

/// A drawing of OpenClipart and what its author called it.
struct Clipart {
  std::string file;               ///< an SVG
  std::string name;               ///< in small letters, at most 6 words
  std::vector<std::string> tags;  ///< the author's keywords
  std::string group;              ///< its folder: "animals/birds"
};

/// The drawings of a folder of OpenClipart (Debian's openclipart-svg) that show a thing, by path.
/// Left out are folders of themes for desktops, arrows, flags, maps, playing cards, gradients and
/// signs, and the drawings of one author whose many names are Italian.
/// The name is the title in the file's metadata, unless that is its collection's ("Clipart by
/// ..."); then the file's. Names are as noisy as the web's: misspelt, in other languages, a joke.
/// Throws Error where there is no such folder or no drawing in it.
std::vector<Clipart> list_clipart(const std::string& folder);

/// The name of a drawing with this title and file name ("red_apple_jon_phillips_01.svg"), or ""
/// where neither says anything.
std::string clipart_name(const std::string& title, const std::string& file);

}  // namespace flamingo::pictogram
