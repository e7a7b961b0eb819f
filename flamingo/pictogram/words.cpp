#include "flamingo/pictogram/words.h"

#include <algorithm>
#include <utility>

#include "flamingo/core/ascii.h"

namespace flamingo::pictogram {
namespace {

bool is_word_byte(char c) {
  return is_ascii_alpha(c) || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  for (auto at = name.begin(); at != name.end();) {
    const auto begin = std::find_if(at, name.end(), is_word_byte);
    at = std::find_if_not(begin, name.end(), is_word_byte);
    if (begin != at) words.push_back(ascii_lower(std::string_view(begin, at)));
  }
  return words;
}

std::string singular(std::string word) {
  if (word.size() > 4 && word.ends_with("ies")) return word.replace(word.size() - 3, 3, "y");
  if (word.size() > 3 && word.ends_with("s") && !word.ends_with("ss")) word.pop_back();
  return word;
}

std::string family_of(std::string_view name) {
  std::vector<std::string> words = words_of(name);
  if (words.size() > 1 && words.back() == "face") words.pop_back();
  return words.empty() ? std::string() : singular(std::move(words.back()));
}

}  // namespace flamingo::pictogram
