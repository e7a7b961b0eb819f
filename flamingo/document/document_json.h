#pragma once

#include <string>
#include <string_view>

#include "flamingo/document/document.h"

namespace flamingo::document {

/// What a document may hold, applied while it is read.
struct DocumentLimits {
  uint64_t max_json_bytes = 16ull << 20;  ///< of the JSON text
  int64_t max_parts = 100'000;
  int64_t max_media = 10'000;
};

/// The name of media item `index` within a sample of a shard: "0.jpg".
std::string media_item_member(const Document& document, int64_t index);

/// The JSON text of a document, one line; the bytes of media stay outside. Equal documents give
/// equal text. Schema (docs/data.md):
///
///   {"version": 1, "url": ..., "title": ..., "licence": ...,
///    "parts": [{"text": "My puppy"}, {"media": 0}],
///    "media": [{"member": "0.jpg", "kind": "image", "url": ..., "alt": ...,
///               "width": 640, "height": 480, "sha256": ...}]}
///
/// Fields that are empty or 0 and stretches of empty text are left out; ill-formed UTF-8 becomes
/// U+FFFD.
std::string document_to_json(const Document& document);

/// The document of such a text, and the `member` names by which a shard holds its media.
struct ReadDocument {
  Document document;                 ///< media without bytes
  std::vector<std::string> members;  ///< one a media item
};

/// Reads document_to_json's text. `where` names it in errors.
/// Throws Error: not JSON, another version, an unknown field, a part that is neither text nor a
/// media item or names one that is not there, a media item without a place, text that is not UTF-8,
/// or more than the limits allow.
ReadDocument document_from_json(std::string_view json, const std::string& where,
                                const DocumentLimits& limits = {});

}  // namespace flamingo::document
