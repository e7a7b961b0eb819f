#pragma once

#include <functional>
#include <string>

#include "flamingo/core/rng.h"
#include "flamingo/document/document.h"
#include "flamingo/pictogram/motion.h"
#include "flamingo/pictures/caption.h"

namespace flamingo::pictogram {

/// A drawing with a caption that says its name, tags of it or both: an image-text pair.
document::Document pictogram_pair(const pictures::LabelledPictures& set, int64_t drawing,
                                  const pictures::CaptionConfig& caption, Rng& rng);

/// A drawing that moves for 8 seconds at one frame a second, with a caption that says what it is
/// and what it does: "red apple moving left". A video-text pair.
/// Frames have `side` pixels a side, as MotionClip allows.
document::Document pictogram_clip(const pictures::LabelledPictures& set, int64_t drawing,
                                  int64_t side, Rng& rng);

/// How sets of captioned pictograms are written.
struct PairShardsConfig {
  bool clips = false;  ///< else pictures
  int64_t clip_side = MotionClip{}.side;
  int64_t documents = 0;  ///< 0: one for each drawing; drawings come again in another order
  int64_t documents_per_shard = 1000;
  pictures::CaptionConfig caption;
  uint64_t seed = 1;
};

/// Writes <folder>/000000.tar, ... of documents made from the training drawings, in a random order.
/// Document i depends on (seed, i) only; shards that are there already are left alone. on_document
/// is told how many are done. Throws Error: a full disk, sizes out of range.
void write_pair_shards(const pictures::LabelledPictures& set, const std::string& folder,
                       const PairShardsConfig& config,
                       const std::function<void(int64_t done, int64_t total)>& on_document);

}  // namespace flamingo::pictogram
