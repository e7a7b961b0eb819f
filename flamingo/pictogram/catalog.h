#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictogram {

/// Where the unpacked packages lie, and how the set is divided.
struct Sources {
  std::string openmoji;
  std::string twitter;
  std::string flags;
  double held_out = 0.4;
  uint64_t seed = 1;
  int64_t threads = 2;

  template <class Visitor>
  void visit(Visitor& v) {
    v("openmoji", openmoji, "folder of npm openmoji (color/, black/, data/)");
    v("twitter", twitter, "folder of npm emoji-datasource-twitter (emoji.json, img/)");
    v("flags", flags, "folder of npm flag-icons (country.json, flags/)");
    v("held_out", held_out, "share of the training concepts' Twitter drawings kept out (style)");
    v("seed", seed, "decides which of them");
    v("threads", threads, "decoding threads");
  }
};

/// Side of a drawing in the file of pictograms, in pixels.
inline constexpr int64_t kSide = 80;

/// Where a drawing comes from. OpenMoji gives three: colour, black lines alone, fills alone.
inline constexpr const char* kOpenMoji = "openmoji";
inline constexpr const char* kOpenMojiBlack = "openmoji-black";
inline constexpr const char* kOpenMojiFill = "openmoji-fill";
inline constexpr const char* kTwitter = "twitter";
inline constexpr const char* kFlagIcons = "flag-icons";

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
///     components; an extra with the name of an animal or food class is left out (it would leak)
///   - unseen: OpenMoji's groups animals-nature and food-drink
///   - flags:  ISO countries of flag-icons, with OpenMoji's and Twitter's drawing of the same flag;
///     other flags are left out
///   - train: the rest, with OpenMoji's fills as a further drawing; of its Twitter drawings the
///     share held_out, chosen by hash, becomes style; gendered forms among those are left out
/// Throws Error naming the file that is missing or not what is expected.
Catalog list_pictograms(const Sources& sources);

/// False for names, tags and groups that a mirrored drawing would contradict: left, right,
/// clockwise, letters, digits, clocks, arrows.
bool is_mirrorable(const pictures::PictureClass& pictogram);

}  // namespace flamingo::pictogram
