#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "flamingo/pictogram/catalog.h"

namespace flamingo::pictogram {

/// What was built.
struct Counts {
  int64_t classes = 0;
  int64_t drawings = 0;
  int64_t train_classes = 0;
  int64_t train_drawings = 0;
  int64_t style = 0;    ///< drawings held out from classes seen in OpenMoji's style
  int64_t unseen = 0;   ///< classes
  int64_t flags = 0;    ///< classes
  int64_t skipped = 0;  ///< drawings left out: unreadable, or fills of a drawing of lines
};

/// Called with (done, total) drawings, from one thread at a time.
using BuildProgress = std::function<void(int64_t done, int64_t total)>;

/// Renders all drawings of the packages, and writes them for pictures::open_pictures: a path that
/// ends in .safetensors becomes one packed file, another a folder of shards (drawings-000000.tar,
/// ...), whose other files stay. Equal packages and config give equal files, each of which appears
/// whole or not at all. A packed file takes 4 side^2 bytes of memory a drawing. Throws Error: a
/// package is missing or not what is expected, nothing could be read.
Counts build_pictograms(const Sources& sources, const std::string& path,
                        const BuildProgress& progress = {});

/// The counts of a set (nothing skipped).
Counts count_pictograms(const pictures::LabelledPictures& set);

}  // namespace flamingo::pictogram
