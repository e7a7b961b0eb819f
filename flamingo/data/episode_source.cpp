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
      renderer_(set, config.augment, parts_.transform, config.seed, config.split) {}

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

SourceViews EpisodeSource::views() const {
  SourceViews views{.views = config_.views + 1};
  for (const int64_t shown : set_.classes_in(config_.split)) {
    const auto pictures = set_.pictures_of(shown, config_.split, config_.styles);
    views.pictures.insert(views.pictures.end(), pictures.begin(), pictures.end());
  }
  std::ranges::sort(views.pictures);
  return views;
}

Json EpisodeSource::views_key() const {
  return {{"pictures", set_.hash()},
          {"augment", config_to_json(config_.augment)},
          {"transform", config_to_json(parts_.transform)},
          {"split", config_.split},
          {"seed", config_.seed}};
}

at::Tensor EpisodeSource::render(std::span<const ViewRef> views,
                                 std::vector<std::string>& damaged) const {
  const std::lock_guard lock(mutex_);
  return renderer_.render(views, damaged);
}

void EpisodeSource::use_views(ViewStore store) {
  store_ = store.number;
  const auto usable = [&](int64_t picture) {
    for (int64_t view = 0; view <= config_.views; ++view) {
      if (!store.has({.picture = picture, .view = view})) return false;
    }
    return true;
  };
  episodes_ = std::make_unique<const Episodes>(set_, parts_.tokens, parts_.words, config_, usable);
}

}  // namespace flamingo::data
