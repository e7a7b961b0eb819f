#include "flamingo/generate/cut_answer.h"

#include <gtest/gtest.h>

#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::generate {
namespace {

using testing::golden_tokenizer;
using Ids = std::vector<int32_t>;

/// What follows `start` in the tokens of `start` and `text` together.
Ids continuation(const text::Tokenizer& tokenizer, const std::string& start,
                 const std::string& text) {
  const Ids head = tokenizer.encode_plain(start);
  Ids all = tokenizer.encode_plain(start + text);
  EXPECT_TRUE(all.size() >= head.size() && std::equal(head.begin(), head.end(), all.begin()));
  return {all.begin() + std::ssize(head), all.end()};
}

bool is_character_start(const std::string& text, size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

const std::vector<std::string> kAnswers = {
    " a cat, and an unbelievable dog.",
    " red, green, blue, red, green, blue",
    "\nUser: yes\n\n  indented    text\tand tabs",
    " caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E \xF0\x9F\x90\xB6 end",
    " 1234567 3.14159 (a+b)==c; </div>",
};

class CutAnswer : public ::testing::TestWithParam<const char*> {
 protected:
  const text::Tokenizer& tokenizer = golden_tokenizer(GetParam());
};

TEST_P(CutAnswer, SaysTheTextInTheTokensOfAPromptWithIt) {
  const std::string start = "Output:";
  const int32_t before = tokenizer.encode_plain(start).back();
  for (const std::string& answer : kAnswers) {
    const Ids ids = continuation(tokenizer, start, answer);
    const std::string said = tokenizer.decode(ids, true);
    for (size_t size = 1; size <= said.size(); ++size) {
      if (!is_character_start(said, size)) continue;
      const std::string text = said.substr(0, size);
      const std::string whole = answer.substr(0, answer.size() - (said.size() - size));
      const Ids kept = cut_answer(tokenizer, before, ids, text);
      EXPECT_EQ(kept, continuation(tokenizer, start, whole)) << '"' << text << '"';
      EXPECT_EQ(tokenizer.decode(kept, true), text);
    }
  }
}

TEST_P(CutAnswer, KeepsTheAnswersOwnTokensBeforeTheCutWord) {
  Ids ids;  // letter by letter, as no encoder would
  for (const char letter : std::string("one two three")) {
    const Ids one = continuation(tokenizer, "x:", std::string(1, letter));
    ids.insert(ids.end(), one.begin(), one.end());
  }
  const Ids blue = continuation(tokenizer, "x:", " blue");
  const Ids three = ids;
  ids.insert(ids.end(), blue.begin(), blue.end());
  const int32_t before = tokenizer.encode_plain("x:").back();
  const std::string said = tokenizer.decode(ids, true);
  EXPECT_EQ(cut_answer(tokenizer, before, ids, said.substr(0, said.size() - 5)), three);
  Ids expected = three;
  const Ids tail = continuation(tokenizer, "x:", " bl");
  expected.insert(expected.end(), tail.begin(), tail.end());
  EXPECT_EQ(cut_answer(tokenizer, before, ids, said.substr(0, said.size() - 2)), expected);
}

TEST_P(CutAnswer, NothingAndEverything) {
  const Ids ids = continuation(tokenizer, "x:", " a dog");
  EXPECT_EQ(cut_answer(tokenizer, 0, ids, ""), Ids());
  EXPECT_EQ(cut_answer(tokenizer, 0, ids, tokenizer.decode(ids, true)), ids);
  EXPECT_EQ(cut_answer(tokenizer, 0, Ids(), ""), Ids());
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, CutAnswer,
                         ::testing::Values("llama", "smollm2", "gpt2", "neox-like"));

}  // namespace
}  // namespace flamingo::generate
