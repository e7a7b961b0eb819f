#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "flamingo/data/pictogram_catalog.h"

namespace flamingo::data {

/// What was built.
struct PictogramCounts {
  int64_t concepts = 0;
  int64_t drawings = 0;
  int64_t train_concepts = 0;
  int64_t train_drawings = 0;
  int64_t style = 0;    ///< drawings held out from concepts seen in OpenMoji's style
  int64_t unseen = 0;   ///< concepts
  int64_t flags = 0;    ///< concepts
  int64_t skipped = 0;  ///< drawings left out: unreadable, or fills of a drawing of lines
};

/// Called with (done, total) drawings, from one thread at a time.
using PictogramProgress = std::function<void(int64_t done, int64_t total)>;

/// Renders all drawings of the three packages and writes one file for PictogramSet::open,
/// atomically. Needs the media library: exists in builds with FLAMINGO_MEDIA only.
/// Equal packages and config give an equal file. Takes 26 KB of memory a drawing.
/// Throws Error: a package is missing or not what is expected, nothing could be read.
PictogramCounts build_pictograms(const PictogramSources& sources, const std::string& path,
                                 const PictogramProgress& progress = {});

/// The counts of a set (nothing skipped).
PictogramCounts count_pictograms(const PictogramSet& set);

}  // namespace flamingo::data
