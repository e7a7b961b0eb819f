#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/data/episodes.h"
#include "flamingo/data/views.h"

namespace flamingo::data {

/// What episodes are made with.
struct EpisodeParts {
  SequenceTokens tokens;
  std::vector<int32_t> words;  ///< ids of made-up labels (see one_token_words)
  media::TransformConfig transform;
};

/// Episodes of labelled pictures as a source; all its pictures are shown by reference.
class EpisodeSource : public SequenceSource {
 public:
  /// Throws Error as Episodes and ViewRenderer do.
  EpisodeSource(std::string name, const pictures::LabelledPictures& set, EpisodeParts parts,
                const EpisodeConfig& config);

  SequenceBatch batch(int64_t index, const BatchShare& share = {}) const override;
  SourceViews views() const override;
  Json views_key() const override;
  at::Tensor render(std::span<const ViewRef> views,
                    std::vector<std::string>& damaged) const override;
  /// Leaves out pictures of which the store has not all views. Throws Error when too few are left.
  void use_views(ViewStore store) override;

 private:
  LabelledViews shown() const;

  pictures::LabelledPictures set_;
  EpisodeParts parts_;
  EpisodeConfig config_;
  std::unique_ptr<const Episodes> episodes_;
  int64_t store_ = 0;
  mutable std::mutex mutex_;  ///< guards renderer_
  mutable ViewRenderer renderer_;
};

}  // namespace flamingo::data
