#include "flamingo/text/pre_tokenizer.h"

#include <algorithm>
#include <array>

#include "flamingo/text/byte_chars.h"
#include "flamingo/text/json_fields.h"

namespace flamingo::text {

/// Turns matches and the stretches between them into pieces by a Behavior, one span after the
/// scanner.
struct PreTokenizer::Cutter {
  Behavior behavior;
  std::function<void(size_t, size_t)> emit;
  bool has_span = false;
  bool is_match = false;
  size_t begin = 0;
  size_t end = 0;

  /// Whether the next span belongs to the piece that is held back.
  bool joins(bool next_is_match) const {
    switch (behavior) {
      case Behavior::kContiguous:
        return next_is_match == is_match;
      case Behavior::kMergedWithPrevious:
        return next_is_match && !is_match;
      case Behavior::kMergedWithNext:
        return is_match && !next_is_match;
      default:
        return false;
    }
  }

  void flush() {
    const bool removed = behavior == Behavior::kRemoved && is_match;
    if (has_span && !removed && begin < end) emit(begin, end);
    has_span = false;
  }

  void add(size_t span_begin, size_t span_end, bool span_is_match) {
    if (has_span && joins(span_is_match)) {
      end = span_end;
    } else {
      flush();
      begin = span_begin;
      end = span_end;
      has_span = true;
    }
    is_match = span_is_match;
  }
};

PreTokenizer::Behavior PreTokenizer::behavior_from(const std::string& name,
                                                   const std::string& where) {
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  require(
      name == "Contiguous", where,
      "expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, got \"{}\"",
      name);
  return Behavior::kContiguous;
}

PreTokenizer::Step PreTokenizer::split_step(Pattern pattern, Behavior behavior) {
  Step step;
  step.pattern = std::move(pattern);
  step.behavior = behavior;
  return step;
}

void PreTokenizer::add_byte_level(const Json& json, const std::string& where) {
  if (json_bool(json, "add_prefix_space", true, where)) {
    steps_.push_back({.kind = Kind::kPrefixSpace});
  }
  if (json_bool(json, "use_regex", true, where)) {
    steps_.push_back(split_step(Pattern::gpt2(), Behavior::kIsolated));
  }
  steps_.push_back({.kind = Kind::kByteChars});
}

void PreTokenizer::add_metaspace(const Json& json, const std::string& where) {
  Step step{.kind = Kind::kMetaspace};
  step.replacement = json_string(json, "replacement", where);
  if (step.replacement.empty()) fail(where + ".replacement", "expected a character, got none");
  std::string scheme = json_bool(json, "add_prefix_space", true, where) ? "always" : "never";
  if (!json_absent(json, "prepend_scheme")) scheme = json_string(json, "prepend_scheme", where);
  if (scheme != "always" && scheme != "first" && scheme != "never")
    fail(where + ".prepend_scheme", "expected always, first or never, got \"{}\"", scheme);
  if (scheme != "never") step.prepend = scheme == "first" ? Prepend::kFirst : Prepend::kAlways;
  steps_.push_back(step);
  if (!json_bool(json, "split", true, where)) return;
  steps_.push_back(split_step(Pattern::literal(step.replacement), Behavior::kMergedWithNext));
}

/// Steps that are one split with a fixed pattern. False when `type` is none of them.
bool PreTokenizer::add_simple(const std::string& type, const Json& json, const std::string& where) {
  if (type == "Digits") {
    const bool individual = json_bool(json, "individual_digits", false, where);
    steps_.push_back(
        split_step(Pattern::digit(), individual ? Behavior::kIsolated : Behavior::kContiguous));
  } else if (type == "WhitespaceSplit") {
    steps_.push_back(split_step(Pattern::space(), Behavior::kRemoved));
  } else if (type == "Whitespace") {
    steps_.push_back(split_step(Pattern::words(), Behavior::kRemoved));
    steps_.back().invert = true;
  } else if (type == "Punctuation") {
    const std::string behavior =
        json_absent(json, "behavior") ? "Isolated" : json_string(json, "behavior", where);
    steps_.push_back(split_step(Pattern::punctuation(), behavior_from(behavior, where)));
  } else if (type == "CharDelimiterSplit") {
    const std::string delimiter = json_string(json, "delimiter", where);
    if (delimiter.empty()) fail(where + ".delimiter", "expected a character, got none");
    steps_.push_back(split_step(Pattern::literal(delimiter), Behavior::kRemoved));
  } else {
    return false;
  }
  return true;
}

void PreTokenizer::add_step(const Json& json, const std::string& where) {
  const std::string type = json_type(json, where);
  if (type == "ByteLevel") {
    add_byte_level(json, where);
  } else if (type == "Metaspace") {
    add_metaspace(json, where);
  } else if (type == "Split") {
    Pattern pattern = Pattern::from_json(json_field(json, "pattern", where), where + ".pattern");
    const Behavior behavior = behavior_from(json_string(json, "behavior", where), where);
    steps_.push_back(split_step(std::move(pattern), behavior));
    steps_.back().invert = json_bool(json, "invert", false, where);
  } else if (!add_simple(type, json, where)) {
    fail(where,
         "expected ByteLevel, Metaspace, Split, Digits, Whitespace, WhitespaceSplit, Punctuation, "
         "CharDelimiterSplit or Sequence, got \"{}\"",
         type);
  }
}

PreTokenizer PreTokenizer::from_json(const Json& json, const std::string& where) {
  PreTokenizer result;
  for_each_component(json, "pretokenizers", where,
                     [&](const Json& item, const std::string& at) { result.add_step(item, at); });
  return result;
}

namespace {

/// Names that share their patterns, applied one after the other. Source: llama.cpp,
/// llama-vocab.cpp.
struct KnownNames {
  std::vector<const char*> names;
  std::vector<const char*> patterns;
};

const std::vector<KnownNames>& known_names() {
  static const char* const kGpt2 =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))";
  static const std::vector<KnownNames> kKnown = {
      {{"gpt-2",      "gpt2",        "phi-2",        "mpt",      "olmo",
        "jais",       "roberta-bpe", "jina-es",      "jina-de",  "jina-v2-es",
        "jina-v2-de", "jina-v1-en",  "jina-v2-code", "gigachat", "a.x-4.0",
        "mellum",     "modern-bert", "exaone4",      "trillion", "granite-docling"},
       {kGpt2}},
      {{"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
        "mellum2"},
       {R"(\p{N})", kGpt2}},
      {{"default", ""}, {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", R"([0-9][0-9][0-9])"}},
      {{"falcon"}, {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"([0-9][0-9][0-9])"}},
      {{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano", "dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "glm5"},
       {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"}},
      {{"qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "kormo", "f2llmv2", "hunyuan",
        "solar-open", "grok-2"},
       {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"}},
  };
  return kKnown;
}

/// Names whose patterns llama.cpp has and this program lacks.
constexpr std::array kForeignNames = {"afmoe",
                                      "bailingmoe",
                                      "bailingmoe2",
                                      "bloom",
                                      "chameleon",
                                      "cohere2moe",
                                      "deepseek-coder",
                                      "deepseek-llm",
                                      "deepseek-v3",
                                      "exaone-moe",
                                      "gpt-4o",
                                      "gpt3-finnish",
                                      "granite-embed-multi-311m",
                                      "granite-embed-multi-97m",
                                      "hunyuan-dense",
                                      "hy_v4",
                                      "jais-2",
                                      "joyai-llm",
                                      "kanana2",
                                      "kimi-k2",
                                      "laguna",
                                      "llada-moe",
                                      "llama4",
                                      "minicpm5",
                                      "minimax-m2",
                                      "poro-chat",
                                      "qwen35",
                                      "seed-coder",
                                      "spark2_5",
                                      "superbpe",
                                      "talkie",
                                      "tekken",
                                      "tiny_aya",
                                      "ufakzeka",
                                      "viking",
                                      "youtu"};

/// The same, of vocabularies that hold raw UTF-8.
constexpr std::array kRawByteNames = {"gemma4", "sarvam-moe", "whitespace"};

const KnownNames* find_known(const std::string& name) {
  for (const KnownNames& known : known_names()) {
    if (std::find(known.names.begin(), known.names.end(), name) != known.names.end()) return &known;
  }
  return nullptr;
}

}  // namespace

PreTokenizer::GgufName PreTokenizer::gguf_name(const std::string& name) {
  if (find_known(name) != nullptr) return GgufName::kKnown;
  const auto is_in = [&](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (is_in(kRawByteNames)) return GgufName::kRawBytes;
  return is_in(kForeignNames) ? GgufName::kForeign : GgufName::kUnknown;
}

PreTokenizer PreTokenizer::from_gguf_name(const std::string& name, const std::string& where) {
  const KnownNames* known = find_known(name);
  require(known != nullptr, where, "expected a known tokenizer.ggml.pre, got \"{}\"",
          std::string_view(name).substr(0, 100));
  PreTokenizer result;
  for (const char* pattern : known->patterns) {
    result.steps_.push_back(split_step(Pattern::regex(pattern, where), Behavior::kIsolated));
  }
  result.steps_.push_back({.kind = Kind::kByteChars});
  return result;
}

void PreTokenizer::run_split(size_t step, std::string_view text, bool at_start,
                             const Sink& sink) const {
  const Step& split = steps_[step];
  Cutter cutter{split.behavior, [&](size_t begin, size_t end) {
                  run(step + 1, text.substr(begin, end - begin), at_start && begin == 0, sink);
                }};
  split.pattern.scan(text, [&](size_t begin, size_t end, bool is_match) {
    cutter.add(begin, end, is_match != split.invert);
  });
  cutter.flush();
}

void PreTokenizer::run(size_t step, std::string_view text, bool at_start, const Sink& sink) const {
  if (step == steps_.size()) {
    sink(text);
    return;
  }
  const Step& now = steps_[step];
  switch (now.kind) {
    case Kind::kSplit:
      run_split(step, text, at_start, sink);
      return;
    case Kind::kByteChars:
      run(step + 1, to_byte_chars(text), at_start, sink);
      return;
    case Kind::kPrefixSpace:
      run(step + 1, text.starts_with(' ') ? std::string(text) : " " + std::string(text), at_start,
          sink);
      return;
    case Kind::kMetaspace:
      break;
  }
  std::string marked = Pattern::literal(" ").replace(text, now.replacement);
  const bool wanted =
      now.prepend == Prepend::kAlways || (now.prepend == Prepend::kFirst && at_start);
  if (wanted && !marked.starts_with(now.replacement)) marked.insert(0, now.replacement);
  run(step + 1, marked, at_start, sink);
}

void PreTokenizer::split(std::string_view text, bool at_start, const Sink& sink) const {
  if (!text.empty()) run(0, text, at_start, sink);
}

}  // namespace flamingo::text
