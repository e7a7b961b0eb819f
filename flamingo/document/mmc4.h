#pragma once

#include <cstdint>
#include <string>

#include "flamingo/core/config.h"
#include "flamingo/document/document.h"

namespace flamingo::document {

/// Which pictures of an mmc4 document are taken; the defaults are those OpenFlamingo trained with
/// (open_flamingo/train/data.py and train.py, v2).
struct Mmc4Rules {
  double min_similarity = 0.24;
  int64_t min_bytes = 11'000;
  int64_t max_pictures = 6;

  template <class Visitor>
  void visit(Visitor& v) {
    v("min_similarity", min_similarity,
      "least CLIP similarity of a picture and the sentence it is matched to");
    v("min_bytes", min_bytes, "smallest picture file that counts, where the file is there");
    v("max_pictures", max_pictures, "most pictures of a document; the first of the list count");
  }
};

/// What becomes of a picture that is an address without a file.
enum class MissingPicture {
  kDrop,         ///< it could not be fetched: shards of OpenFlamingo
  kKeepAddress,  ///< nothing has been fetched yet: the published .jsonl
};

/// The document of mmc4's JSON, published with addresses or, in OpenFlamingo's shards, with the
/// files in base64:
///
///   {"text_list": ["sentence", ...], "url": ...,
///    "image_info": [{"image_name": ..., "raw_url": ..., "matched_text_index": 2,
///                    "matched_sim": 0.27, "image_base64": ...}], ...}
///
/// A picture is in front of the sentence it is matched to, as OpenFlamingo has it; sentences
/// are joined by a space. Pictures that are matched to one sentence stand in the order of the list.
/// The published match counts also where some pictures are missing (OpenFlamingo matches anew).
/// Source: github.com/allenai/mmc4, README.md.
/// Throws Error naming `where`: a missing field or one of another type, a match outside the list,
/// base64 that is none; UnusableDocument where no picture meets the rules.
Document mmc4_document(const Json& json, const std::string& where, const Mmc4Rules& rules,
                       MissingPicture missing);

}  // namespace flamingo::document
