#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/pictogram_set.h"

namespace flamingo::data {

/// Where the unpacked packages lie, and how the set is divided.
struct PictogramSources {
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
    v("held_out", held_out, "share of the training concepts' Twitter drawings kept out (STYLE)");
    v("seed", seed, "decides which of them");
    v("threads", threads, "decoding threads");
  }
};

/// All concepts and drawings of the packages, before any picture is read.
struct PictogramCatalog {
  std::vector<PictogramConcept> concepts;
  std::vector<PictogramDrawing> drawings;
  std::vector<std::string> files;  ///< by drawing: an SVG or PNG file
};

/// Lists what build_pictograms renders, and divides it:
///   - one concept per sequence of code points, variation selectors aside; no skin tones, no hair
///     components; an extra with the name of an animal or food concept is left out (it would leak)
///   - kUnseen: OpenMoji's groups animals-nature and food-drink
///   - kFlags: ISO countries of flag-icons, with OpenMoji's and Twitter's drawing of the same flag;
///     other flags are left out
///   - kTrain: the rest, with OpenMoji's fills as a further drawing; of its Twitter drawings the
///     share held_out, chosen by hash, becomes kStyle; gendered forms among those are left out
/// Throws Error naming the file that is missing or not what is expected.
PictogramCatalog list_pictograms(const PictogramSources& sources);

/// False for names, tags and subgroups that a mirrored drawing would contradict: left, right,
/// clockwise, letters, digits, clocks, arrows.
bool is_mirrorable(const PictogramConcept& pictogram);

}  // namespace flamingo::data
