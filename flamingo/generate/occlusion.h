#pragma once

#include <memory>
#include <vector>

#include "flamingo/generate/ranking.h"

namespace flamingo::generate {

/// What an answer looked at: how much of its probability among `candidates` is lost when one cell
/// of a grid over the prompt's last media item is covered with the item's mean colour.
struct OcclusionMap {
  int64_t side = 0;           ///< cells of a row, and rows
  std::vector<double> drops;  ///< [side * side], row by row, -1 to 1
};

/// The map of the first of `ranked`, what rank_candidates makes of `encoded`: `prompt` with its
/// media, the last of which must be a picture. Runs the prompt side^2 times. Throws Error when
/// there is no picture or candidate, and as rank_candidates does.
OcclusionMap occlusion_map(const ModelBundle& bundle, const std::shared_ptr<StepDecoder>& decoder,
                           const prompt::Prompt& prompt, const EncodedPrompt& encoded,
                           const std::vector<RankedCandidate>& ranked, int64_t side = 3);

}  // namespace flamingo::generate
