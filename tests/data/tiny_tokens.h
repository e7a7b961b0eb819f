#pragma once

#include "flamingo/data/sequence.h"

namespace flamingo::testing {

/// One id per byte; bos 1, image 2, end of chunk 3.
inline data::SequenceTokens tiny_tokens() {
  return {.bos = {1}, .image = {2}, .eoc = {3}, .encode = [](const std::string& text) {
            return std::vector<int32_t>(text.begin(), text.end());
          }};
}

/// The text of ids made with tiny_tokens; bos, image and eoc read "^", "@" and "|".
inline std::string tiny_text(const std::vector<int32_t>& ids) {
  std::string text;
  for (const int32_t id : ids) text += id <= 3 ? " ^@|"[id] : static_cast<char>(id);
  return text;
}

}  // namespace flamingo::testing
