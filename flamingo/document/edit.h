#pragma once

#include <vector>

#include "flamingo/document/document.h"

namespace flamingo::document {

/// Takes media out of a document: those with keep[i] == false, and their places. Text that stood on
/// both sides becomes one part, joined by a blank line where neither side ends or begins with white
/// space. Throws Error unless `keep` has one entry a media item.
void keep_media(Document& document, const std::vector<bool>& keep);

/// How many words the text has (runs of characters between ASCII white space).
int64_t count_words(const Document& document);

}  // namespace flamingo::document
