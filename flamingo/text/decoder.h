#pragma once

#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/text/pattern.h"

namespace flamingo::text {

/// The last stage of a tokenizer: token strings back to text.
class Decoder {
 public:
  /// Reads tokenizer.json's "decoder": ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace,
  /// BPEDecoder and Sequence; null joins tokens by spaces. Throws Error naming any other.
  static Decoder from_json(const Json& json, const std::string& where);
  static Decoder byte_level();
  /// LLaMA's: U+2581 to space, byte tokens to text, and the first space away when `strip`.
  static Decoder llama(bool strip);

  std::string decode(std::vector<std::string> tokens) const;

  /// Whether the text of `tokens` stays the beginning of the text of any longer list.
  bool is_closed(const std::vector<std::string>& tokens) const;

 private:
  /// tokenizer.json's ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace and BPEDecoder.
  enum class Kind { kByteLevel, kReplace, kByteFallback, kFuse, kStrip, kMetaspace, kWordEnd };
  /// One component with its settings; each kind uses some of the fields.
  struct Step {
    Kind kind;
    Pattern pattern;
    std::string content;
    size_t start = 0;
    size_t stop = 0;
  };

  static Step read_step(const Json& json, const std::string& where);
  static void run_step(const Step& step, std::vector<std::string>& tokens);

  bool spaces_between_ = false;
  std::vector<Step> steps_;
};

}  // namespace flamingo::text
