#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/data/views.h"
#include "flamingo/pictures/caption.h"

namespace flamingo::data {

/// Labelled pictures with captions of their classes' names and tags.
struct LabelSourceConfig {
  std::string pictures;
  std::string split = pictures::kTrainSplit;
  std::vector<std::string> styles;
  int64_t classes = 96;
  pictures::CaptionConfig caption;
  pictures::AugmentConfig augment;
  int64_t cached_views = 0;
  uint64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    v("pictures", pictures,
      "labelled pictures: a folder of class folders, .jsonl, .csv, .tar shards or packed ones");
    v("split", split, "which of them");
    v("styles", styles, "of which styles; none: all");
    v("classes", classes, "classes in a batch (C); each gives two pictures");
    v("caption", caption, "words of a caption");
    v("augment", augment, "variation of the pictures");
    v("cached_views", cached_views,
      "0: pictures are varied and encoded in every step. N: each has its clean view and N fixed "
      "variations, encoded once before the run (an encoder of which only the projection learns)");
    v("seed", seed, "decides order, views and captions");
  }
  /// Throws Error when a field is out of its range.
  void validate();
};

/// Two pictures each of C classes, in two different pictures where a class has them; each with a
/// caption of its own. Every class comes once in each epoch of num_classes / C batches (the rest of
/// an epoch's order is left out).
class LabelSource : public CaptionSource {
 public:
  /// Throws Error when the set has fewer classes than a batch needs.
  LabelSource(const LabelSourceConfig& config, pictures::LabelledPictures set,
              const media::TransformConfig& transform, std::string name = "labels");

  /// Of c classes, rows i and c + i show the same one.
  CaptionedBatch batch(int64_t index, const BatchShare& share = {}) const override;
  Json identity() const override;
  int64_t batches_per_epoch() const;

  SourceViews views() const override;
  Json views_key() const override;
  at::Tensor render(std::span<const ViewRef> views,
                    std::vector<std::string>& damaged) const override;
  /// Leaves out pictures of which the store has not all views. Throws Error when too few classes
  /// are left.
  void use_views(ViewStore store) override;

 private:
  /// A class and the pictures that may be shown.
  struct Entry {
    int64_t class_index;
    std::vector<int64_t> pictures;
  };

  LabelledViews shown() const;
  /// Throws Error when a batch has more classes than there are.
  void require_classes() const;
  /// A kept view of the class's picture `place`.
  ViewRef kept_view(const Entry& entry, size_t place, Rng& rng) const;
  /// A shuffled order of all classes.
  std::vector<size_t> epoch_order(int64_t epoch) const;
  /// A view of the class's picture `first`, or of its next one that is not damaged, into out [3, S,
  /// S]. Throws Error when all are.
  void show(const Entry& entry, size_t first, Rng& rng, std::span<float> out,
            std::vector<std::string>& damaged) const;
  /// Two different places of `count`, where there are two.
  static std::array<size_t, 2> two_places(size_t count, Rng& rng);

  LabelSourceConfig config_;
  media::TransformConfig transform_;
  std::optional<ViewStore> store_;  ///< once use_views was called
  std::vector<Entry> entries_;
  mutable std::mutex mutex_;  ///< guards renderer_
  mutable ViewRenderer renderer_;
};

}  // namespace flamingo::data
