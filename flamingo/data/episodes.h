#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/core/rng.h"
#include "flamingo/data/sequence.h"
#include "flamingo/pictures/augment.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::data {

/// Episodes of labelled pictures: kinds of sequences and how often each comes. Weights need not add
/// up to 1.
struct EpisodeConfig {
  std::string pictures;
  std::string split = pictures::kTrainSplit;
  std::vector<std::string> styles;
  pictures::AugmentConfig augment;
  double binding = 0.3;
  double random_pairs = 0.45;
  double same_group = 0.2;
  double video = 0.03;
  double question = 0.02;
  double more_ways = 0.25;
  int64_t max_ways = 3;
  double binding_names = 0.0;
  double binding_same_group = 0.0;
  double binding_blends = 0.0;
  double binding_clutter = 0.0;
  int64_t binding_words = kLabelWords;
  int64_t min_binding_media = 5;
  int64_t max_binding_media = 6;
  int64_t max_pairs = 5;
  int64_t max_frames = 8;
  int64_t views = 5;
  double clean = 0.2;
  double p_next = 0.0;
  int64_t batch = 24;
  int64_t sort_batches = 8;
  uint64_t seed = 1;
  uint64_t view_seed = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("pictures", pictures,
      "labelled pictures: a folder of class folders, .jsonl, .csv, .tar shards or packed ones");
    v("split", split, "which of them");
    v("styles", styles, "of which styles; none: all");
    v("augment", augment, "variation of the pictures");
    v("binding", binding, "weight of sequences that bind made-up words to classes");
    v("random_pairs", random_pairs, "weight of 1 to max_pairs random pictures with names");
    v("same_group", same_group, "weight of 3 to max_pairs pictures of one group, with repeats");
    v("video", video, "weight of a clip of 2 to max_frames frames with its name");
    v("question", question, "weight of a question about a picture");
    v("more_ways", more_ways, "share of binding sequences with 3 to max_ways classes instead of 2");
    v("max_ways", max_ways, "most classes of a binding sequence");
    v("binding_names", binding_names,
      "share of binding sequences whose labels are other classes' names instead of one word");
    v("binding_same_group", binding_same_group,
      "share of binding sequences with all classes of one group");
    v("binding_blends", binding_blends,
      "share of the other binding sequences whose classes are blends of two, so that pictures "
      "must be compared, not recognised");
    v("binding_clutter", binding_clutter,
      "share of the rest each of whose pictures is blended with one of another class, so that what "
      "is alike is less alike, as a photograph and a drawing are");
    v("binding_words", binding_words, "how many one-token words serve as made-up labels");
    v("min_binding_media", min_binding_media, "fewest pictures of a binding sequence");
    v("max_binding_media", max_binding_media, "most pictures of a binding sequence");
    v("max_pairs", max_pairs, "most pictures of the other sequences");
    v("max_frames", max_frames, "most frames of a clip");
    v("views", views, "augmented views of a picture to choose from (1 to views; 0 is clean)");
    v("clean", clean, "probability of the clean view");
    v("p_next", p_next,
      "probability that names are before their pictures and see the next one (paper A.3.2)");
    v("batch", batch, "sequences in a batch");
    v("sort_batches", sort_batches, "batches that are sorted by length together");
    v("seed", seed, "decides everything else");
    v("view_seed", view_seed,
      "decides the pictures' views, so that runs of several seeds share their features; 0: seed");
  }
  /// Throws Error when a field is out of its range.
  void validate();
  uint64_t seed_of_views() const { return view_seed == 0 ? seed : view_seed; }
};

/// Sequences drawn from labelled pictures. batch(step) depends on (seed, step) only.
class Episodes {
 public:
  /// words: token ids that may serve as made-up labels (see one_token_words). Pictures that are not
  /// `usable` are left out; null: all are.
  /// Throws Error when there are too few classes or words.
  Episodes(const pictures::LabelledPictures& set, SequenceTokens tokens, std::vector<int32_t> words,
           const EpisodeConfig& config, const std::function<bool(int64_t)>& usable = {});

  /// `batch` sequences of similar length.
  std::vector<Sequence> batch(int64_t step) const;
  /// Sequence `index` of the endless stream, before sorting.
  Sequence sequence(int64_t index) const;

 private:
  /// A class: its name and the pictures that may be shown.
  struct Entry {
    std::string name;
    std::vector<int64_t> pictures;
  };

  Sequence binding(Rng& rng) const;
  /// What the pictures of a binding sequence show: `ways` lists of one entry, or of two to blend.
  std::vector<std::vector<size_t>> binding_entries(size_t ways, Rng& rng) const;
  /// An entry that is none of `chosen`, each a list of one.
  size_t other_entry(const std::vector<std::vector<size_t>>& chosen, Rng& rng) const;
  /// `ways` different labels as token ids: made-up words, or names that belong to other pictures.
  std::vector<std::vector<int32_t>> binding_labels(size_t ways, Rng& rng) const;
  Sequence random_pairs(Rng& rng) const;
  Sequence same_group(Rng& rng) const;
  Sequence video(Rng& rng) const;
  Sequence question(Rng& rng) const;
  Sequence named(const std::vector<size_t>& entries, Rng& rng) const;
  ViewRef random_view(const Entry& entry, Rng& rng) const;
  /// A picture of one entry, or a blend of two.
  ViewRef random_view(const std::vector<size_t>& entries, Rng& rng) const;

  SequenceTokens tokens_;
  std::vector<int32_t> words_;
  EpisodeConfig config_;
  std::vector<Entry> entries_;
  std::vector<std::vector<size_t>> groups_;  ///< entries by group, at least max_ways each
};

}  // namespace flamingo::data
