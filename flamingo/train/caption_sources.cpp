#include "flamingo/train/caption_sources.h"

#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/pictures/open_pictures.h"

namespace flamingo::train {

void CaptionSourceConfig::validate() {
  require(!name.empty(), "sources", "expected a name for each source, got none");
  const std::string where = "sources." + name;
  require(documents.has_value() != labels.has_value(), where,
          "expected either documents or labels, got both or neither");
  require_within(where, "weight", weight, 1e-9, 1e9);
  if (documents) documents->validate();
  if (!labels) return;
  labels->validate();
  require(!labels->pictures.empty(), where + ".labels", "expected labelled pictures, got none",
          Hint{"flamingo data pictograms makes some; docs/data.md labels your own"});
}

void CaptionValidationConfig::validate() {
  require_within("validation", "batches", batches, 1, 1 << 20);
  for (CaptionSourceConfig& source : sources) source.validate();
}

std::shared_ptr<data::CaptionSource> make_caption_source(const CaptionSourceConfig& config,
                                                         const media::TransformConfig& transform) {
  if (config.documents)
    return std::make_shared<data::DocumentCaptions>(*config.documents, transform, config.name);
  return std::make_shared<data::LabelSource>(
      *config.labels, pictures::open_pictures(config.labels->pictures), transform, config.name);
}

CaptionSourceConfig unvaried(CaptionSourceConfig source) {
  if (source.documents) source.documents->variation.flip = source.documents->variation.colour = 0;
  if (source.labels) source.labels->cached_views = 0;
  return source;
}

}  // namespace flamingo::train
