#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/data_source.h"
#include "flamingo/document/document_file.h"
#include "flamingo/document/window.h"
#include "flamingo/media/limits.h"
#include "flamingo/media/transform.h"
#include "flamingo/media/variation.h"

namespace flamingo::data {

/// Documents as training data: interleaved pages, captioned pictures or clips, or text alone.
/// Defaults are the paper's for M3W (section 2.4, appendix A.3.2).
struct DocumentSourceConfig {
  std::vector<std::string> files;
  document::DocumentFileOptions reading;
  media::MediaLimits limits;
  document::WindowConfig window;
  media::VariationConfig variation;
  double fps = 1;
  int64_t max_frames = 8;
  int64_t batch = 8;
  int64_t cached_views = 0;
  uint64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    v("files", files, "files of documents (tar, JSON lines, Parquet), or folders of tar shards");
    v("reading", reading, "limits and rules of the files' formats");
    v("limits", limits, "limits of pictures and clips");
    v("window", window, "what a sequence takes of a document");
    v("variation", variation, "flips and colours of the pictures");
    v("fps", fps, "frames of a clip a second");
    v("max_frames", max_frames, "most frames of a clip; longer ones give a random run of them");
    v("batch", batch, "sequences in a batch");
    v("cached_views", cached_views,
      "variations of each picture, encoded once before the run; 0: new ones in every step");
    v("seed", seed, "decides order, windows and variation");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// How a model wants its text and pictures.
struct SequenceFormat {
  text::Tokenizer tokenizer;  ///< knows the additional tokens
  prompt::InterleaveOptions marks;
  media::TransformConfig transform;
};

/// The documents of some files as an endless stream of sequences with pixels. Each epoch shows
/// every document once, in another order; sequence i depends on (files, config, i) only.
class DocumentSource : public SequenceSource {
 public:
  /// Throws Error naming the file that is missing or of another kind; in a build without media
  /// libraries, always.
  DocumentSource(const DocumentSourceConfig& config, const SequenceFormat& format,
                 std::string name = "documents");
  ~DocumentSource() override;

  int64_t num_documents() const;
  std::vector<std::string> warnings() const override;
  /// Sequences index * batch + [0, batch) of the stream.
  SequenceBatch batch(int64_t index, const BatchShare& share = {}) const override;
  /// Sequence `index` of the stream. A document that cannot be read, or gives no target, is passed
  /// over for another; one that is damaged is named in `damaged`. Throws Error as
  /// DocumentList::draw does.
  Sequence sequence(int64_t index, std::vector<std::string>& damaged) const;

  /// cached_views of each picture; none where it is 0. All media of all files are numbered from 0
  /// as they come; clips count, but are not listed. Documents that are damaged have none.
  SourceViews views() const override;
  Json views_key() const override;
  /// View 0, 1, ... of a picture is a variation drawn from (seed, picture, view).
  at::Tensor render(std::span<const ViewRef> views,
                    std::vector<std::string>& damaged) const override;
  /// Pictures are shown as one of their views each, instead of pixels with a variation of their
  /// own; those that the store has not stay pixels, and all else stays the same.
  void use_views(ViewStore store) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flamingo::data
