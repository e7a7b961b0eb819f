#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/data/document_captions.h"
#include "flamingo/data/label_source.h"
#include "flamingo/media/transform.h"

namespace flamingo::train {

/// A source of captioned pictures: exactly one of the two kinds.
struct CaptionSourceConfig {
  std::string name;
  double weight = 1;
  std::optional<data::DocumentSourceConfig> documents;
  std::optional<data::LabelSourceConfig> labels;

  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "what its losses are called");
    v("weight", weight, "lambda, of its loss in the step's");
    v("documents", documents,
      "captioned pictures, or pages whose pictures have words, from files as flamingo train reads "
      "them; window, fps, max_frames and cached_views do not count");
    v("labels", labels, "labelled pictures with captions made of their names");
  }
  /// Throws Error when a field is out of its range.
  void validate();
  /// Rows of a batch that processes share: documents, or classes.
  int64_t shared_rows() const { return documents ? documents->batch : labels->classes; }
};

/// Captioned pictures that are looked at and not trained on.
struct CaptionValidationConfig {
  std::vector<CaptionSourceConfig> sources;
  int64_t batches = 4;

  template <class Visitor>
  void visit(Visitor& v) {
    v("sources", sources,
      "captioned pictures; those of documents are not varied, and cached_views do not count");
    v("batches", batches, "batches of each, the same ones every time, which make one gallery");
  }
  /// Throws Error when a field is out of its range.
  void validate();
};

/// Opens a source for an encoder's pictures. Throws Error as the sources do.
std::shared_ptr<data::CaptionSource> make_caption_source(const CaptionSourceConfig& config,
                                                         const media::TransformConfig& transform);

/// The source with pictures of documents as they are and labels without kept views, for
/// validation.
CaptionSourceConfig unvaried(CaptionSourceConfig source);

}  // namespace flamingo::train
