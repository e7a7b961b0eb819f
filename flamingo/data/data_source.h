#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/sequence.h"
#include "flamingo/data/view_ref.h"

namespace flamingo::data {

/// Which part of every batch a process makes: rows [rank * B / of, (rank + 1) * B / of).
struct BatchShare {
  int64_t rank = 0;
  int64_t of = 1;

  int64_t begin(int64_t batch) const { return rank * batch / of; }
  int64_t end(int64_t batch) const { return (rank + 1) * batch / of; }
};

/// The views of a source's pictures that it can show by reference, so that they are encoded once,
/// before a run.
struct SourceViews {
  std::vector<int64_t> pictures;  ///< numbers, all different; none: it shows pixels only
  int64_t views = 0;              ///< of each picture: view 0, 1, ... views - 1
};

/// Where a source's views are kept.
struct ViewStore {
  int64_t number = 0;                       ///< what ViewRef::store says
  std::function<bool(const ViewRef&)> has;  ///< false: the picture is damaged

  /// Whether it has view 0, 1, ... views - 1 of a picture.
  bool has_all(int64_t picture, int64_t views) const;
};

/// What trains or evaluates: made once, and asked for batches, pictures and warnings.
class DataSource {
 public:
  /// name: what its losses and features are called.
  explicit DataSource(std::string name) : name_(std::move(name)) {}
  virtual ~DataSource() = default;
  DataSource(const DataSource&) = delete;
  DataSource& operator=(const DataSource&) = delete;

  const std::string& name() const { return name_; }
  /// What is odd about files that can be read.
  virtual std::vector<std::string> warnings() const { return {}; }

  /// None, unless a source can show views by reference.
  virtual SourceViews views() const { return {}; }
  /// Whatever the pixels of views() depend on; may read every picture.
  virtual Json views_key() const { return {}; }
  /// Views of views() -> pixels [N, 3, S, S], fp32, normalised; none of them a blend. Those of a
  /// damaged picture are NaN, and its view 0 names it in `damaged`. Only where there are views.
  virtual at::Tensor render(std::span<const ViewRef> views,
                            std::vector<std::string>& damaged) const;
  /// From now on batches show its views by reference.
  virtual void use_views(ViewStore /*store*/) {}

 private:
  std::string name_;
};

/// What a source of sequences gives for one batch.
struct SequenceBatch {
  std::vector<Sequence> sequences;
  std::vector<std::string> damaged;  ///< samples that were skipped: which, and why
};

/// Sequences of text and media: documents, episodes.
class SequenceSource : public DataSource {
 public:
  using DataSource::DataSource;

  /// The share of batch `index` of an endless stream; depends on the source and these alone.
  virtual SequenceBatch batch(int64_t index, const BatchShare& share = {}) const = 0;
};

/// Pictures and what they show, for contrastive training.
struct CaptionedBatch {
  at::Tensor pixels;                  ///< [N, 3, S, S], fp32, normalised; undefined with views
  std::vector<ViewRef> views;         ///< N after use_views, else none
  std::vector<std::string> captions;  ///< N
  std::vector<int64_t> concepts;      ///< N; equal ones are positives of each other
  std::vector<int64_t> rows;          ///< N, their places in the whole batch
  std::vector<std::string> damaged;   ///< samples that were skipped: which, and why
};

/// Captioned pictures: pairs, documents with captions, labels.
class CaptionSource : public DataSource {
 public:
  using DataSource::DataSource;

  /// As SequenceSource::batch.
  virtual CaptionedBatch batch(int64_t index, const BatchShare& share = {}) const = 0;
  /// What tells its data from others without reading them: numbers, names.
  virtual Json identity() const = 0;
};

}  // namespace flamingo::data
