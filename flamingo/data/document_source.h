#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/sequence.h"
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

/// The pictures of a source's documents. All media of all files are numbered from 0 as they come;
/// clips count, but are not listed.
struct SourcePictures {
  std::vector<int64_t> numbers;
  std::string hash;  ///< SHA-256 of all media
};

/// Features that are ready before the run.
struct PictureCache {
  int64_t number = 0;                       ///< ViewRef::cache
  std::function<bool(const ViewRef&)> has;  ///< false: the picture is shown as pixels
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
  /// What is odd about files that can be read (DocumentFile::warnings).
  const std::vector<std::string>& warnings() const;
  /// Sequences index * batch + [0, batch) of the stream, of which rank `share.rank` of
  /// `share.of` takes its part.
  SequenceBatch batch(int64_t index, const BatchShare& share = {}) const;
  /// Sequence `index` of the stream. A document that cannot be read, or gives no target, is passed
  /// over for another; one that is damaged is named in `damaged`. Throws Error when kMaxDamaged
  /// documents in a row are damaged.
  Sequence sequence(int64_t index, std::vector<std::string>& damaged) const;

  /// The pictures that cached_views is about, by reading every file; none where it is 0. Documents
  /// that are damaged have none.
  const SourcePictures& pictures() const;
  /// Views of pictures, by number -> pixels [N, 3, S, S]. View 0, 1, ... of a picture is a
  /// variation drawn from (seed, picture, view). Those of a damaged picture are NaN, and its view 0
  /// names it in `damaged`.
  at::Tensor render(std::span<const ViewRef> views, std::vector<std::string>& damaged) const;
  /// From now on sequences show the pictures of `cache` as one of cached_views views each, instead
  /// of pixels with a variation of their own; all else stays the same.
  void use_cache(PictureCache cache);

  static constexpr int64_t kMaxDamaged = 100;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flamingo::data
