#include "flamingo/generate/occlusion.h"

#include <algorithm>
#include <string>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo::generate {

OcclusionMap occlusion_map(const ModelBundle& bundle, const std::shared_ptr<StepDecoder>& decoder,
                           const prompt::Prompt& prompt, const EncodedPrompt& encoded,
                           const std::vector<RankedCandidate>& ranked, int64_t side) {
  require(!encoded.media.empty() && encoded.media.back().pixels.size(0) == 1, "occlusion_map",
          "expected a prompt whose last media item is a picture");
  const at::Tensor pixels = encoded.media.back().pixels;  // [1, 3, S, S]
  const int64_t size = pixels.size(3);
  require_within("occlusion_map", "side", side, 1, size);
  require(!ranked.empty(), "occlusion_map", "expected at least one ranked candidate, got none");
  const RankedCandidate& whole = ranked.front();
  std::vector<std::string> candidates;
  for (const RankedCandidate& candidate : ranked) candidates.push_back(candidate.text);
  const at::Tensor mean = pixels.mean({2, 3}, /*keepdim=*/true);
  OcclusionMap map{.side = side};
  EncodedPrompt covered = encoded;
  covered.media.back().key.clear();
  for (int64_t cell = 0; cell < side * side; ++cell) {
    const int64_t top = cell / side * size / side, bottom = (cell / side + 1) * size / side;
    const int64_t left = cell % side * size / side, right = (cell % side + 1) * size / side;
    covered.media.back().pixels = pixels.clone();
    covered.media.back()
        .pixels.slice(2, top, bottom)
        .slice(3, left, right)
        .copy_(mean.expand({1, 3, bottom - top, right - left}));
    const auto again = rank_candidates(bundle, decoder, prompt, covered, candidates).candidates;
    const auto same = std::ranges::find(again, whole.text, &RankedCandidate::text);
    map.drops.push_back(whole.probability - same->probability);
  }
  return map;
}

}  // namespace flamingo::generate
