#include "flamingo/core/error.h"
#include "flamingo/document/document_json.h"
#include "flamingo/document/foreign_json.h"
#include "flamingo/prompt/prompt.h"
#include "tests/fuzz/fuzz.h"

/// One text as a prompt, as a document of a shard, as a foreign dataset's line.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const std::string_view text = text_of(input);
  try {
    const auto read = document::document_from_json(text, "fuzz");
    read_all(document::document_to_json(read.document));
  } catch (const Error&) {
  }
  try {
    read_all(document::parse_foreign_json(text, "fuzz").dump());
  } catch (const Error&) {
  }
  prompt::prompt_from_json(parse_json(text, "fuzz"), "folder", "fuzz").segments();
}
