#pragma once

#include <gumbo.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace flamingo::html {

/// A set of tags that is made at compile time; whether it holds one is a look at one bit.
class TagSet {
 public:
  constexpr TagSet(std::initializer_list<GumboTag> tags) {
    for (const GumboTag tag : tags) words_[word_of(tag)] |= bit_of(tag);
  }

  constexpr bool contains(GumboTag tag) const { return (words_[word_of(tag)] & bit_of(tag)) != 0; }

 private:
  static constexpr size_t word_of(GumboTag tag) { return static_cast<size_t>(tag) / 64; }
  static constexpr uint64_t bit_of(GumboTag tag) {
    return uint64_t{1} << (static_cast<size_t>(tag) % 64);
  }

  std::array<uint64_t, GUMBO_TAG_LAST / 64 + 1> words_{};
};

}  // namespace flamingo::html
