#include "flamingo/data/sequence.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::data {

SequenceBuilder::SequenceBuilder(const SequenceTokens& tokens, prompt::MediaDirection direction)
    : tokens_(tokens), direction_(direction) {
  ids(tokens_.bos);
}

SequenceBuilder& SequenceBuilder::media_item(MediaFrames frames) {
  require(!frames.empty(), "SequenceBuilder", "expected a media item of at least one frame");
  sequence_.media.push_back(std::move(frames));
  append(tokens_.image, sequence_.media.size(), false);
  return *this;
}

SequenceBuilder& SequenceBuilder::text(const std::string& text, bool label) {
  return ids(tokens_.encode(text), label);
}

SequenceBuilder& SequenceBuilder::ids(const std::vector<int32_t>& ids, bool label) {
  append(ids, sequence_.media.size() + (direction_ == prompt::MediaDirection::kNext ? 1 : 0),
         label);
  return *this;
}

SequenceBuilder& SequenceBuilder::eoc(bool label) { return ids(tokens_.eoc, label); }

Sequence SequenceBuilder::build() {
  const auto last = static_cast<int32_t>(sequence_.media.size());
  for (int32_t& index : sequence_.phi) index = std::min(index, last);
  return std::move(sequence_);
}

void SequenceBuilder::append(const std::vector<int32_t>& ids, size_t phi, bool label) {
  sequence_.ids.insert(sequence_.ids.end(), ids.begin(), ids.end());
  sequence_.phi.resize(sequence_.ids.size(), static_cast<int32_t>(phi));
  sequence_.label.resize(sequence_.ids.size(), label ? 1 : 0);
}

std::vector<int32_t> one_token_words(int64_t vocab_size,
                                     const std::function<std::string(int32_t)>& id_text,
                                     int64_t limit) {
  std::vector<int32_t> words;
  for (int32_t id = 0; id < vocab_size && std::ssize(words) < limit; ++id) {
    const std::string text = id_text(id);
    const bool letters = std::all_of(text.begin() + (text.empty() ? 0 : 1), text.end(),
                                     [](char c) { return c >= 'a' && c <= 'z'; });
    if (text.size() >= 4 && text.size() <= 9 && text[0] == ' ' && letters) words.push_back(id);
  }
  return words;
}

std::vector<int32_t> one_token_words(const text::Tokenizer& tokenizer, int64_t limit) {
  const auto text_of = [&](int32_t id) { return tokenizer.decode(std::vector<int32_t>{id}); };
  return one_token_words(tokenizer.vocab_size(), text_of, limit);
}

}  // namespace flamingo::data
