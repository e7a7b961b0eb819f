#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/data/document_source.h"
#include "flamingo/data/episodes.h"
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
    v("episodes", episodes, "sequences of pictograms made on the way");
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

/// Whether any of the sources makes episodes of pictograms.
bool has_episodes(const std::vector<SourceConfig>& sources);
/// Views of a drawing beside the clean one that their episodes show.
int64_t episode_views(const std::vector<SourceConfig>& sources);

/// What prompts and training sequences are made of: <bos>, the picture mark, the end of a chunk.
/// `tokenizer` knows the additional tokens already. Throws Error when a mark has no tokens.
data::SequenceTokens sequence_tokens(const text::Tokenizer& tokenizer,
                                     const model::TokenConfig& tokens);

/// What a model wants its documents to look like. `tokenizer` knows the additional tokens already.
data::SequenceFormat sequence_format(const text::Tokenizer& tokenizer,
                                     const model::FlamingoConfig& model);

/// A source of pictograms. Throws Error as Episodes does.
TrainSource episode_source(const SourceConfig& config, const data::PictogramSet& set,
                           const data::SequenceTokens& tokens, const text::Tokenizer& tokenizer);
/// A source of documents.
TrainSource document_source(const SourceConfig& config,
                            std::shared_ptr<const data::DocumentSource> documents);

/// The source of documents with pictures as they are, for validation.
SourceConfig unvaried(SourceConfig source);

}  // namespace flamingo::train
