#include "flamingo/text/tokenizer.h"
#include "tests/fuzz/fuzz.h"

/// A tokenizer.json, and what it makes of a text and of ids.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const auto tokenizer = text::Tokenizer::from_json(text_of(input), "fuzz");
  const auto ids = tokenizer.encode("Ab  c'll 12\n\xc3\xa9 <s>");
  read_all(tokenizer.decode(ids));
  read_all(tokenizer.decode(std::vector<int32_t>{0, 1, 2}));
}
