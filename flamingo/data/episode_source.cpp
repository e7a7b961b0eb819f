#include "flamingo/data/episode_source.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace flamingo::data {

EpisodeSource::EpisodeSource(std::string name, const pictures::LabelledPictures& set,
                             EpisodeParts parts, const EpisodeConfig& config)
    : SequenceSource(std::move(name)),
      set_(set),
      parts_(std::move(parts)),
      config_(config),
      episodes_(std::make_unique<const Episodes>(set, parts_.tokens, parts_.words, config)),
      renderer_(set, config.augment, parts_.transform, config.seed_of_views(), config.split) {}

SequenceBatch EpisodeSource::batch(int64_t index, const BatchShare& share) const {
  auto all = episodes_->batch(index);
  const auto size = std::ssize(all);
  SequenceBatch batch{{std::make_move_iterator(all.begin() + share.begin(size)),
                       std::make_move_iterator(all.begin() + share.end(size))},
                      {}};
  for (Sequence& sequence : batch.sequences) {
    for (SequenceMediaItem& media_item : sequence.media) {
      for (ViewRef& view : std::get<MediaFrames>(media_item)) view.store = store_;
    }
  }
  return batch;
}

LabelledViews EpisodeSource::shown() const {
  return {.split = config_.split,
          .styles = config_.styles,
          .views = config_.views + 1,
          .seed = config_.seed_of_views()};
}

SourceViews EpisodeSource::views() const { return labelled_views(set_, shown()); }

Json EpisodeSource::views_key() const {
  return labelled_views_key(set_, shown(), config_.augment, parts_.transform);
}

at::Tensor EpisodeSource::render(std::span<const ViewRef> views,
                                 std::vector<std::string>& damaged) const {
  const std::lock_guard lock(mutex_);
  return renderer_.render(views, damaged);
}

void EpisodeSource::use_views(ViewStore store) {
  store_ = store.number;
  const auto usable = [&](int64_t picture) { return store.has_all(picture, config_.views + 1); };
  episodes_ = std::make_unique<const Episodes>(set_, parts_.tokens, parts_.words, config_, usable);
}

}  // namespace flamingo::data
