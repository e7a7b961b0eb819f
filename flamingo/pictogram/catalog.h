#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictogram {

/// Side of a drawing for the encoder of 64-pixel pictures.
inline constexpr int64_t kSide = 80;

/// Where the unpacked packages lie, and how the set is divided.
struct Sources {
  std::string openmoji;
  std::string twitter;
  std::string twemoji;
  std::string flags;
  std::string clipart;
  int64_t side = kSide;
  double held_out = 0.4;
  double unseen = 0;
  uint64_t seed = 1;
  int64_t threads = 2;

  template <class Visitor>
  void visit(Visitor& v) {
    v("openmoji", openmoji, "folder of npm openmoji (color/, black/, data/)");
    v("twitter", twitter, "folder of npm emoji-datasource-twitter (emoji.json, img/)");
    v("twemoji", twemoji,
      "folder of npm @discordapp/twemoji (dist/svg/), the same drawings at any size; empty: those "
      "of 64 pixels");
    v("flags", flags, "folder of npm flag-icons (country.json, flags/)");
    v("clipart", clipart, "folder of Debian's openclipart-svg; empty: none");
    v("side", side, "pixels of a drawing");
    v("held_out", held_out, "share of the training concepts' Twitter drawings kept out (style)");
    v("unseen", unseen,
      "share of the families (words that end names) of animals, food, places, activities and "
      "objects that training never sees; 0: all animals and food, nothing else");
    v("seed", seed, "decides which drawings and families");
    v("threads", threads, "decoding threads");
  }
};

/// Where a drawing comes from. OpenMoji gives three: colour, black lines alone, fills alone.
inline constexpr const char* kOpenMoji = "openmoji";
inline constexpr const char* kOpenMojiBlack = "openmoji-black";
inline constexpr const char* kOpenMojiFill = "openmoji-fill";
inline constexpr const char* kTwitter = "twitter";
inline constexpr const char* kFlagIcons = "flag-icons";
inline constexpr const char* kClipart = "clipart";

/// Splits beside the one for training: second drawings of classes that training sees in OpenMoji's
/// style only; classes that training never sees (animals and food); flags of countries.
inline constexpr const char* kStyleSplit = "style";
inline constexpr const char* kUnseenSplit = "unseen";
inline constexpr const char* kFlagsSplit = "flags";

/// All classes and drawings of the packages, before any picture is read.
struct Catalog {
  pictures::PictureTable table;
  std::vector<std::string> files;  ///< by drawing: an SVG or PNG file
};

/// Lists what build_pictograms renders, and divides it:
///   - one class per sequence of code points, variation selectors aside; no skin tones, no hair
///     components
///   - unseen: OpenMoji's groups animals-nature and food-drink; an extra with the name of such a
///     class is left out (it would leak). With a share, families of five groups, chosen by hash;
///     other names that have a word of such a family are left out
///   - flags:  ISO countries of flag-icons, with OpenMoji's and Twitter's drawing of the same flag;
///     other flags are left out
///   - train: the rest, with OpenMoji's fills as a further drawing; of its Twitter drawings the
///     share held_out, chosen by hash, becomes style; gendered forms among those are left out
///   - a drawing of OpenClipart belongs to the class of its name, or to a new one for training; it
///     is left out where its name or keywords have a word of an unseen family and its name is no
///     unseen class's
/// Throws Error naming the file that is missing or not what is expected.
Catalog list_pictograms(const Sources& sources);

/// False for names, tags and groups that a mirrored drawing would contradict: left, right,
/// clockwise, letters, digits, clocks, arrows.
bool is_mirrorable(const pictures::PictureClass& pictogram);

}  // namespace flamingo::pictogram
