#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/text/pattern.h"

namespace flamingo::text {

/// The second stage of a tokenizer: cuts normalised text into pieces that are merged on their own.
/// Pieces stream through the steps, so memory does not grow with their number.
class PreTokenizer {
 public:
  /// Where finished pieces go; the view is valid during the call only.
  using Sink = std::function<void(std::string_view piece)>;

  /// Reads tokenizer.json's "pre_tokenizer" (null is none). Throws Error naming an unknown type.
  static PreTokenizer from_json(const Json& json, const std::string& where);
  /// How well a name of GGUF's tokenizer.ggml.pre is known.
  enum class GgufName {
    kKnown,     ///< from_gguf_name takes it
    kForeign,   ///< llama.cpp has its pattern, this program does not
    kRawBytes,  ///< the same, and its tokens are no byte-level ones
    kUnknown    ///< nobody's
  };
  static GgufName gguf_name(const std::string& name);
  /// By the name in GGUF's tokenizer.ggml.pre. Throws Error naming one that is not kKnown.
  static PreTokenizer from_gguf_name(const std::string& name, const std::string& where);

  /// Cuts `text` (well-formed UTF-8); at_start: it begins the user's text.
  void split(std::string_view text, bool at_start, const Sink& sink) const;

 private:
  /// Where the matches of a split go: away, into pieces of their own or of their neighbours.
  enum class Behavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };
  /// What a step does: cuts, puts a space in front, writes bytes as characters or marks spaces.
  enum class Kind { kSplit, kPrefixSpace, kByteChars, kMetaspace };
  /// Before which pieces the mark of a space is put.
  enum class Prepend { kAlways, kFirst, kNever };
  /// One component with its settings; each kind uses some of the fields.
  struct Step {
    Kind kind = Kind::kSplit;
    Pattern pattern;
    Behavior behavior = Behavior::kIsolated;
    bool invert = false;
    std::string replacement;
    Prepend prepend = Prepend::kNever;
  };
  struct Cutter;

  static Behavior behavior_from(const std::string& name, const std::string& where);
  static Step split_step(Pattern pattern, Behavior behavior);
  void add_step(const Json& json, const std::string& where);
  void add_byte_level(const Json& json, const std::string& where);
  void add_metaspace(const Json& json, const std::string& where);
  bool add_simple(const std::string& type, const Json& json, const std::string& where);
  void run(size_t step, std::string_view text, bool at_start, const Sink& sink) const;
  void run_split(size_t step, std::string_view text, bool at_start, const Sink& sink) const;

  std::vector<Step> steps_;
};

}  // namespace flamingo::text
