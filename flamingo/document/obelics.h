#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/document/document.h"

namespace flamingo::document {

/// A picture of a row: its address, its file, or both.
struct ObelicsPicture {
  std::string url;
  std::string bytes;
};

/// A row of OBELICS. At each place of the parallel lists stands a text or a picture.
struct ObelicsRow {
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<ObelicsPicture>> images;
  std::string metadata;          ///< JSON list, a place: null or an object of the picture; or empty
  std::string general_metadata;  ///< JSON object with "url"; or empty
};

/// The document of a row; its pictures have addresses or, where the row holds them, files, with the
/// page's words for them and their extents. OBELICS' mark of a new topic within a text
/// ("END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED") becomes a blank line.
/// Source: huggingface.co/datasets/HuggingFaceM4/OBELICS, README.md.
/// Throws Error naming `where`: lists of different lengths, a place with both or neither, an
/// address that is not text, metadata that is not JSON or of another length.
Document obelics_document(const ObelicsRow& row, const std::string& where);

/// The row of a line of JSON: "texts", "images", "metadata" and "general_metadata", the latter two
/// as JSON or as text that is JSON. Throws Error naming `where`: a field of another type.
ObelicsRow obelics_row(const Json& json, const std::string& where);

}  // namespace flamingo::document
