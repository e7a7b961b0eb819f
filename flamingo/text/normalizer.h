#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/text/pattern.h"

namespace flamingo::text {

/// The first stage of a tokenizer: rewrites each stretch of text between added tokens.
class Normalizer {
 public:
  /// Reads tokenizer.json's "normalizer" (null is none): NFC, NFD, Prepend, Replace, Strip,
  /// ByteLevel and Sequence. Throws Error naming any other.
  static Normalizer from_json(const Json& json, const std::string& where);
  /// LLaMA's: U+2581 before the text when `prefix`, and in place of each space.
  static Normalizer llama(bool prefix);

  std::string apply(std::string_view text) const;

 private:
  /// tokenizer.json's NFC, NFD, Prepend, Replace, Strip and ByteLevel.
  enum class Kind { kNfc, kNfd, kPrepend, kReplace, kStrip, kByteChars };
  /// One component with its settings; each kind uses some of the fields.
  struct Step {
    Kind kind;
    std::string content;
    Pattern pattern;
    bool left = true;
    bool right = true;
  };

  static Step read_step(const Json& json, const std::string& where);
  static std::string run_step(const Step& step, std::string_view text);

  std::vector<Step> steps_;
};

}  // namespace flamingo::text
