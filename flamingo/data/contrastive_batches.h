#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <string>
#include <vector>

#include "flamingo/data/views.h"

namespace flamingo::data {

/// Batches for contrastive training of the encoder.
struct ContrastiveDataConfig {
  int64_t concepts = 96;
  uint64_t seed = 1;
  CaptionConfig caption;
  AugmentConfig augment;

  template <class Visitor>
  void visit(Visitor& v) {
    v("concepts", concepts, "concepts in a batch (C); each gives two pictures");
    v("seed", seed, "decides order, views and captions");
    v("caption", caption, "words of a caption");
    v("augment", augment, "variation of the pictures");
  }
};

/// C concepts with two pictures each: rows c and C + c show concept c, in two different drawings
/// where it has them. Captions are drawn for each picture.
struct CaptionedBatch {
  at::Tensor pixels;                  ///< [2C, 3, S, S], fp32, normalised
  std::vector<std::string> captions;  ///< 2C
  std::vector<int64_t> concepts;      ///< C, all different
};

/// The training split as an endless sequence of batches; batch(step) depends on (seed, step) only,
/// so that a resumed run sees what an uninterrupted one would have seen. Every concept comes once
/// in each epoch of num_concepts / C steps (the rest of an epoch's order is left out).
class ContrastiveBatches {
 public:
  /// Throws Error when the set has fewer training concepts than a batch needs.
  ContrastiveBatches(PictogramSet set, const ContrastiveDataConfig& config, int64_t side);

  CaptionedBatch batch(int64_t step);
  int64_t steps_per_epoch() const;

 private:
  /// A training concept and its training drawings.
  struct Entry {
    int64_t concept_index;
    std::vector<int64_t> drawings;
  };

  /// A shuffled order of all training concepts.
  std::vector<size_t> epoch_order(int64_t epoch) const;
  /// Two different drawings where there are two.
  static std::array<int64_t, 2> two_drawings(const std::vector<int64_t>& drawings, Rng& rng);

  PictogramSet set_;
  ContrastiveDataConfig config_;
  Augmenter augmenter_;
  std::vector<Entry> concepts_;
  std::vector<int64_t> drawings_;  ///< all training drawings
};

}  // namespace flamingo::data
