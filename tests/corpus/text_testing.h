#pragma once

#include <string>
#include <vector>

#include "flamingo/core/rng.h"

namespace flamingo::testing {

/// A paragraph of real English of 76 words.
inline const std::string kEnglish =
    "The lighthouse stands at the end of the pier, and on a clear day it can be seen from the "
    "hills that lie behind the town. Fishermen have used its light to find the harbour for two "
    "centuries, with only a short break when the lamp was damaged by a storm. Visitors may climb "
    "the stairs to the gallery, where a small museum tells how the keepers lived, what they ate "
    "and which ships they helped.";

/// A made-up word for each number.
inline std::string made_word(uint64_t number) {
  std::string word;
  for (uint64_t left = number + 30; left > 0; left /= 20) word += "bcdfghjklmnprstvwxyz"[left % 20];
  return word;
}

/// `count` words drawn from `vocabulary` made-up ones.
inline std::vector<std::string> random_words(size_t count, uint64_t vocabulary, Rng& rng) {
  std::vector<std::string> words;
  for (size_t i = 0; i < count; ++i) words.push_back(made_word(rng.below(vocabulary)));
  return words;
}

inline std::string join(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

inline std::string times(const std::string& text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace flamingo::testing
