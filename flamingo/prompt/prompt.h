#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/prompt/interleave.h"

namespace flamingo::prompt {

/// Text of a prompt.
struct TextItem {
  std::string text;
};
/// A picture, by the path of its file.
struct ImageItem {
  std::string path;
};
/// A clip counts as one media item.
struct VideoItem {
  std::string path;
};
/// Ends a chunk of interleaved text (paper, appendix A.2).
struct EndOfChunkItem {};

/// One piece of a prompt.
using PromptItem = std::variant<TextItem, ImageItem, VideoItem, EndOfChunkItem>;

/// What a user asks with: text and media in order. Text is never read for marks.
struct Prompt {
  std::vector<PromptItem> items;

  /// Images and clips, in order.
  std::vector<PromptItem> media() const;
  /// The same order for interleave().
  std::vector<Segment> segments() const;
};

/// Text whose "<image>" and "<video>" marks stand for the files, in order.
/// Throws Error naming `where` and both counts when marks and files of a kind differ.
Prompt prompt_from_marks(std::string_view text, const std::vector<std::string>& images,
                         const std::vector<std::string>& videos, std::string_view where = "prompt");

/// A prompt file's content; docs/prompt-file.md has the schema. Relative paths start at `folder`.
/// Throws Error naming `where` and the key: unknown, missing or of the wrong type.
Prompt prompt_from_json(const Json& json, const std::filesystem::path& folder,
                        const std::string& where);

/// Reads a JSON prompt file; paths in it are relative to the file's folder.
Prompt read_json_prompt(const std::string& path);

}  // namespace flamingo::prompt
