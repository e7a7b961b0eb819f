#include "flamingo/plan/step_shape.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::plan {
namespace {

constexpr int64_t kMostTokens = 1 << 24;
constexpr int64_t kMostPictures = 1 << 16;
constexpr const char* kSmaller = "give a smaller micro-batch";

void in_range(const char* where, int64_t value, int64_t least, int64_t greatest) {
  require(value >= least && value <= greatest, where, "expected {} to {}, got {}", least, greatest,
          value);
}

}  // namespace

void StepShape::validate() const {
  in_range("sequences", sequences, 1, kMostTokens);
  in_range("tokens", tokens, 1, kMostTokens);
  in_range("media", media, 0, kMostPictures);
  in_range("frames", frames, 1, kMostPictures);
  in_range("clips", clips, 0, kMostPictures);
  in_range("pictures", pictures, 0, kMostPictures);
  require(sequences * tokens <= kMostTokens, "tokens",
          "expected at most {} in all sequences, got {} x {}", kMostTokens, sequences, tokens,
          Hint{kSmaller});
  require(num_pictures() <= kMostPictures, "pictures",
          "expected at most {} in all sequences, got {}", kMostPictures, num_pictures(),
          Hint{kSmaller});
  in_range("visible", visible, 0, sequences * tokens);
  in_range("targets", targets, 1, sequences * tokens);
}

int64_t StepTraining::lora_rank(std::string_view layer) const {
  return lora && std::ranges::find(lora->layers, layer) != lora->layers.end() ? lora->rank : 0;
}

}  // namespace flamingo::plan
