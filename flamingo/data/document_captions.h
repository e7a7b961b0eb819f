#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/data/document_source.h"

namespace flamingo::data {

/// Documents as captioned pictures: of each, one picture and its words. Captioned pairs (ALIGN and
/// LTIP style) give their caption, pages the words that describe the picture (its alt text), else
/// the text right after it. Of the config, window, fps, max_frames and cached_views do not count.
class DocumentCaptions : public CaptionSource {
 public:
  /// Throws Error as DocumentSource does.
  DocumentCaptions(const DocumentSourceConfig& config, const media::TransformConfig& transform,
                   std::string name = "documents");
  ~DocumentCaptions() override;

  std::vector<std::string> warnings() const override;
  /// Rows index * batch + [0, batch) of the stream. Documents without a captioned picture are
  /// skipped for others; equal captions are one concept.
  CaptionedBatch batch(int64_t index, const BatchShare& share = {}) const override;
  Json identity() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flamingo::data
