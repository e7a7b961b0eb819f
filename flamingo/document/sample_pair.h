#pragma once

#include "flamingo/core/config.h"
#include "flamingo/document/document.h"
#include "flamingo/document/sample.h"

namespace flamingo::document {

/// Whether files of this extension (lower case, no dot) are pictures: jpg, jpeg, png, webp, gif,
/// avif.
bool is_picture_extension(std::string_view extension);

/// Whether the sample holds one picture or clip under a bare extension: "jpg", not "0.jpg".
bool is_pair(const Sample& sample);

/// A picture or clip and its caption, as img2dataset (LAION, ALIGN and LTIP style) and
/// video2dataset (VTP style) write them: "jpg", "jpeg", "png", "webp", "gif" or "avif", or "mp4",
/// "webm", "mkv", "avi" or "mov"; the caption in "txt", else in the field "caption" of "json". Of
/// the JSON, "url", "width" and "height" count too; its "sha256" is that of the file before it was
/// resized. The document is the media item, then the caption without white space around it.
/// Throws Error naming the sample: not is_pair, more than one media item, an empty file, JSON that
/// is none; UnusableDocument: no caption or an empty one, a "status" other than "success".
Document read_pair(const Sample& sample);

/// Throws UnusableDocument where img2dataset's JSON says that fetching failed; `where` names it.
void expect_fetched(const Json& metadata, const std::string& where);

}  // namespace flamingo::document
