#pragma once

#include <cstdint>
#include <string>

#include "flamingo/corpus/build_report.h"
#include "flamingo/document/document_file.h"

namespace flamingo::corpus {

/// What samples_page shows.
struct SamplesPageOptions {
  std::string title;
  int64_t samples = 20;                   ///< documents, spread evenly over the file
  uint64_t max_media_bytes = 4ull << 20;  ///< a larger media item is named, not shown
};

/// One self-contained HTML page (pictures and clips inline, no scripts, light and dark): documents
/// of a file as people read them, and, where `report` is not null, how many pages and media each
/// rule dropped, with examples and what was measured. A document that cannot be read is shown with
/// its error.
std::string samples_page(const document::DocumentFile& file, const BuildReport* report,
                         const SamplesPageOptions& options);

}  // namespace flamingo::corpus
