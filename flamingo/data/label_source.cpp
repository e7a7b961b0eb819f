#include "flamingo/data/label_source.h"

#include <ATen/ops/empty.h>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/io/sha256.h"

namespace flamingo::data {
namespace {

/// Classes of one number in two sources are two concepts.
int64_t concept_of(const std::string& source, int64_t class_index) {
  return static_cast<int64_t>(Rng::for_name(static_cast<uint64_t>(class_index), source).next());
}

}  // namespace

void LabelSourceConfig::validate() {
  require_within("labels", "classes", classes, 2, 1 << 16);
  require_within("labels", "cached_views", cached_views, 0, 1 << 16);
  caption.validate();
  augment.validate();
}

LabelSource::LabelSource(const LabelSourceConfig& config, pictures::LabelledPictures set,
                         const media::TransformConfig& transform, std::string name)
    : CaptionSource(std::move(name)),
      config_(config),
      transform_(transform),
      renderer_(std::move(set), config.augment, transform, config.seed, config.split) {
  for (const int64_t index : renderer_.set().classes_in(config_.split)) {
    auto shown = renderer_.set().pictures_of(index, config_.split, config_.styles);
    if (!shown.empty()) entries_.push_back({index, std::move(shown)});
  }
  require_classes();
}

void LabelSource::require_classes() const {
  require(config_.classes >= 2 && config_.classes <= std::ssize(entries_), config_.pictures,
          "expected 2 to {} classes a batch, got {}", entries_.size(), config_.classes);
}

LabelledViews LabelSource::shown() const {
  return {.split = config_.split,
          .styles = config_.styles,
          .views = config_.cached_views + 1,
          .seed = config_.seed};
}

SourceViews LabelSource::views() const {
  return config_.cached_views > 0 ? labelled_views(renderer_.set(), shown()) : SourceViews{};
}

Json LabelSource::views_key() const {
  return labelled_views_key(renderer_.set(), shown(), config_.augment, transform_);
}

at::Tensor LabelSource::render(std::span<const ViewRef> views,
                               std::vector<std::string>& damaged) const {
  const std::lock_guard lock(mutex_);
  return renderer_.render(views, damaged);
}

void LabelSource::use_views(ViewStore store) {
  for (Entry& entry : entries_) {
    std::erase_if(entry.pictures, [&](int64_t picture) {
      return !store.has_all(picture, config_.cached_views + 1);
    });
  }
  std::erase_if(entries_, [](const Entry& entry) { return entry.pictures.empty(); });
  require_classes();
  store_ = std::move(store);
}

ViewRef LabelSource::kept_view(const Entry& entry, size_t place, Rng& rng) const {
  return {.picture = entry.pictures[place],
          .view = static_cast<int64_t>(rng.below(static_cast<uint64_t>(config_.cached_views) + 1)),
          .store = store_->number};
}

Json LabelSource::identity() const {
  io::Sha256 hash;
  const auto add = [&](const auto& labels) {
    const std::string text = config_to_json(labels).dump();
    hash.update(std::as_bytes(std::span(text)));
  };
  const pictures::LabelledPictures& set = renderer_.set();
  for (const pictures::PictureClass& shown : set.classes()) add(shown);
  for (const pictures::LabelledPicture& picture : set.pictures()) add(picture);
  return {{"classes", set.classes().size()},
          {"pictures", set.pictures().size()},
          {"labels", hash.hex()}};
}

int64_t LabelSource::batches_per_epoch() const { return std::ssize(entries_) / config_.classes; }

std::vector<size_t> LabelSource::epoch_order(int64_t epoch) const {
  std::vector<size_t> order(entries_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  Rng rng = Rng::for_name(config_.seed, "epoch " + std::to_string(epoch));
  shuffle(order, rng);
  return order;
}

CaptionedBatch LabelSource::batch(int64_t index, const BatchShare& share) const {
  require(index >= 0, "LabelSource", "expected a batch >= 0, got {}", index);
  const auto order = epoch_order(index / batches_per_epoch());
  const int64_t first = index % batches_per_epoch() * config_.classes;
  const int64_t begin = share.begin(config_.classes), end = share.end(config_.classes);
  const int64_t side = renderer_.side();
  const auto count = static_cast<size_t>(end - begin);
  CaptionedBatch batch;
  if (store_) {
    batch.views.resize(2 * count);
  } else {
    batch.pixels = at::empty({2 * (end - begin), 3, side, side}, at::kFloat);
  }
  batch.captions.resize(2 * count);
  batch.concepts.resize(2 * count);
  batch.rows.resize(2 * count);
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) {
    const int64_t row = begin + static_cast<int64_t>(i);
    // Each row has its own, so that a process can make its rows without the others'.
    Rng rng = Rng::for_name(config_.seed,
                            "step " + std::to_string(index) + " row " + std::to_string(row));
    const Entry& entry = entries_[order[static_cast<size_t>(first + row)]];
    const auto pair = two_places(entry.pictures.size(), rng);
    for (const size_t half : {0, 1}) {
      const size_t at = half * count + i;
      if (store_) {
        batch.views[at] = kept_view(entry, pair[half], rng);
      } else {
        const auto size = static_cast<size_t>(3 * side * side);
        show(entry, pair[half], rng, {batch.pixels.data_ptr<float>() + at * size, size},
             batch.damaged);
      }
      batch.captions[at] = pictures::sample_caption(
          renderer_.set().classes()[static_cast<size_t>(entry.class_index)], config_.caption, rng);
      batch.rows[at] = static_cast<int64_t>(half) * config_.classes + row;
      batch.concepts[at] = concept_of(name(), entry.class_index);
    }
  }
  return batch;
}

void LabelSource::show(const Entry& entry, size_t first, Rng& rng, std::span<float> out,
                       std::vector<std::string>& damaged) const {
  const auto& pictures = entry.pictures;
  for (size_t i = 0; i < pictures.size(); ++i) {
    Rng trial = rng;
    try {
      renderer_.augment(pictures[(first + i) % pictures.size()], trial, out);
      rng = trial;
      return;
    } catch (const Error& error) {
      damaged.emplace_back(error.what());
    }
  }
  fail("sources." + name(), "expected a picture that can be read of class \"{}\", got none",
       renderer_.set().classes()[static_cast<size_t>(entry.class_index)].name,
       Hint{damaged.back()});
}

std::array<size_t, 2> LabelSource::two_places(size_t count, Rng& rng) {
  const size_t first = rng.below(count);
  if (count == 1) return {first, first};
  return {first, (first + 1 + rng.below(count - 1)) % count};
}

}  // namespace flamingo::data
