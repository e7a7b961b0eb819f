#include "flamingo/pictures/caption.h"

#include <algorithm>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo::pictures {
namespace {

std::string random_tags(const PictureClass& shown, int64_t max_tags, Rng& rng) {
  std::vector<std::string> tags = shown.tags;
  const auto most = std::min<uint64_t>(tags.size(), static_cast<uint64_t>(max_tags));
  const uint64_t count = 1 + rng.below(most);
  std::string text;
  for (uint64_t i = 0; i < count; ++i) {
    std::swap(tags[i], tags[i + rng.below(tags.size() - i)]);
    text += (i ? ", " : "") + tags[i];
  }
  return text;
}

}  // namespace

void CaptionConfig::validate() const {
  require_within("caption", "name", name, 0, 1);
  require_within("caption", "tags", tags, 0, 1);
  require_within("caption", "max_tags", max_tags, 0, 1 << 10);
}

std::string sample_caption(const PictureClass& shown, const CaptionConfig& config, Rng& rng) {
  const double draw = rng.uniform();
  if (shown.tags.empty() || config.max_tags < 1 || draw < config.name) return shown.name;
  const std::string tags = random_tags(shown, config.max_tags, rng);
  return draw < config.name + config.tags ? tags : shown.name + ", " + tags;
}

}  // namespace flamingo::pictures
