#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/document/document.h"
#include "flamingo/document/mmc4.h"

namespace flamingo::document {

/// The files of one webdataset sample. Views live as long as the shard's bytes.
struct Sample {
  /// What an archive holds under the key and an extension.
  struct File {
    std::string extension;  ///< lower case, "json" or "0.jpg"
    std::string_view bytes;
  };

  std::string where;  ///< shard and key, for messages
  std::vector<File> files;

  /// The bytes of the file with this extension, or nullptr.
  const std::string_view* find(std::string_view extension) const;
};

/// The document of a sample, told apart by its files and their fields:
///
///   json with "parts"        our own (document_json.h); media in "0.jpg", "1.mp4", ...
///   jpg, mp4, ... and txt    a captioned picture or clip (see read_pair)
///   json with "text_list"    mmc4 as OpenFlamingo packs it (see mmc4_document)
///
/// Throws Error naming the sample: another kind, damaged, a file that is missing or whose SHA-256
/// is another; UnusableDocument where there is nothing in it to learn from.
Document read_sample(const Sample& sample, const Mmc4Rules& rules = {});

}  // namespace flamingo::document
