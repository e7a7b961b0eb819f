#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/data/document_source.h"
#include "flamingo/data/episode_source.h"
#include "flamingo/train/flamingo_task.h"

namespace flamingo::train {

/// A source of a mixture: exactly one of the two kinds. The paper's weights are 1.0 for M3W, 0.2
/// for ALIGN and LTIP, 0.03 for VTP (appendix B.1.1).
struct SourceConfig {
  std::string name;
  double weight = 1;
  std::optional<data::DocumentSourceConfig> documents;
  std::optional<data::EpisodeConfig> episodes;

  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "what its losses are called");
    v("weight", weight, "lambda, of its loss in the step's");
    v("documents", documents, "pages, captioned pictures or clips from files");
    v("episodes", episodes, "sequences of labelled pictures, made on the way");
  }
  /// Throws Error when a field is out of its range.
  void validate();
};

/// Data that are looked at and not trained on.
struct ValidationConfig {
  std::vector<SourceConfig> sources;
  int64_t batches = 8;

  template <class Visitor>
  void visit(Visitor& v) {
    v("sources", sources, "sources of documents; their pictures are not varied");
    v("batches", batches, "batches of each, the same ones every time");
  }
  /// Throws Error when a field is out of its range.
  void validate();
};

/// What prompts and training sequences are made of: <bos>, the picture mark, the end of a chunk.
/// `tokenizer` knows the additional tokens already. Throws Error when a mark has no tokens.
data::SequenceTokens sequence_tokens(const text::Tokenizer& tokenizer,
                                     const model::TokenConfig& tokens);

/// What a model wants its documents to look like. `tokenizer` knows the additional tokens already.
data::SequenceFormat sequence_format(const text::Tokenizer& tokenizer,
                                     const model::FlamingoConfig& model);

/// Opens a source for a model; `tokenizer` knows the additional tokens already. Throws Error as the
/// sources do.
std::shared_ptr<data::SequenceSource> make_source(const SourceConfig& config,
                                                  const text::Tokenizer& tokenizer,
                                                  const model::FlamingoConfig& model);

/// Whether all files of a source are there.
bool has_files(const SourceConfig& config);

/// The source of documents with pictures as they are, for validation.
SourceConfig unvaried(SourceConfig source);

}  // namespace flamingo::train
