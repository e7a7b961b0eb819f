#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/sequence.h"
#include "flamingo/document/document_file.h"
#include "flamingo/document/window.h"
#include "flamingo/media/transform.h"
#include "flamingo/media/variation.h"

namespace flamingo {

/// Documents as training data: interleaved pages, captioned pictures or clips, or text alone.
/// Defaults are the paper's for M3W (section 2.4, appendix A.3.2).
struct DocumentSourceConfig {
  std::vector<std::string> files;
  DocumentFileOptions reading;
  WindowConfig window;
  VariationConfig variation;
  double fps = 1;
  int64_t max_frames = 8;
  int64_t batch = 8;
  uint64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    v("files", files, "files of documents (tar, JSON lines, Parquet), or folders of tar shards");
    v("reading", reading, "limits and rules of the files' formats");
    v("window", window, "what a sequence takes of a document");
    v("variation", variation, "flips and colours of the pictures");
    v("fps", fps, "frames of a clip a second");
    v("max_frames", max_frames, "most frames of a clip; longer ones give a random run of them");
    v("batch", batch, "sequences in a batch");
    v("seed", seed, "decides order, windows and variation");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// How a model wants its text and pictures.
struct SequenceFormat {
  Tokenizer tokenizer;  ///< knows the additional tokens
  InterleaveOptions marks;
  TransformConfig transform;
};

/// The documents of some files as an endless stream of sequences with pixels. Each epoch shows
/// every document once, in another order; sequence i depends on (files, config, i) only.
class DocumentSource {
 public:
  /// Throws Error naming the file that is missing or of another kind; in a build without media
  /// libraries, always.
  DocumentSource(const DocumentSourceConfig& config, const SequenceFormat& format);
  ~DocumentSource();
  DocumentSource(DocumentSource&&) noexcept;

  int64_t num_documents() const;
  /// Sequences index * batch + [0, batch) of the stream, of which rank `share.rank` of
  /// `share.of` takes its part.
  SequenceBatch batch(int64_t index, const BatchShare& share = {}) const;
  /// Sequence `index` of the stream. A document that cannot be read, or gives no target, is passed
  /// over for another; one that is damaged is named in `damaged`. Throws Error when kMaxDamaged
  /// documents in a row are damaged.
  Sequence sequence(int64_t index, std::vector<std::string>& damaged) const;

  static constexpr int64_t kMaxDamaged = 100;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace flamingo
