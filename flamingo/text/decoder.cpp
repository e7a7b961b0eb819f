#include "flamingo/text/decoder.h"

#include <algorithm>
#include <numeric>

#include "flamingo/text/byte_chars.h"
#include "flamingo/text/json_fields.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

using Tokens = std::vector<std::string>;

constexpr char kMark[] = "\xe2\x96\x81";
constexpr char kReplacement[] = "\xef\xbf\xbd";

std::string join(const Tokens& tokens) {
  return std::accumulate(
      tokens.begin(), tokens.end(), std::string(),
      [](std::string all, const std::string& token) { return std::move(all) + token; });
}

std::string join_bytes(const Tokens& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) bytes += from_byte_chars(token);
  return bytes;
}

/// Runs of byte tokens become text when well-formed as a whole, else one U+FFFD per byte.
Tokens join_byte_tokens(const Tokens& tokens) {
  Tokens out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (repair_utf8(bytes) == bytes) {
      out.push_back(bytes);
    } else {
      out.insert(out.end(), bytes.size(), kReplacement);
    }
    bytes.clear();
  };
  for (const std::string& token : tokens) {
    if (const auto byte = byte_of_token(token)) {
      bytes.push_back(static_cast<char>(*byte));
    } else {
      flush();
      out.push_back(token);
    }
  }
  flush();
  return out;
}

/// `token` without up to `start` copies of `content` in front and up to `stop` after.
std::string strip(std::string_view token, std::string_view content, size_t start, size_t stop) {
  for (size_t i = 0; i < start && token.starts_with(content); ++i) {
    token.remove_prefix(content.size());
  }
  for (size_t i = 0; i < stop && token.ends_with(content); ++i) {
    token.remove_suffix(content.size());
  }
  return std::string(token);
}

/// Replaces what marks a space: by one in tokens begin to end, by nothing in the others.
void put_spaces(Tokens& tokens, const Pattern& mark, size_t begin, size_t end) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = mark.replace(tokens[i], i >= begin && i < end ? " " : "");
  }
}

}  // namespace

Decoder::Step Decoder::read_step(const Json& json, const std::string& where) {
  const std::string type = json_type(json, where);
  if (type == "ByteLevel") return {.kind = Kind::kByteLevel};
  if (type == "ByteFallback") return {.kind = Kind::kByteFallback};
  if (type == "Fuse") return {.kind = Kind::kFuse};
  if (type == "Replace") {
    Pattern pattern = Pattern::from_json(json_field(json, "pattern", where), where + ".pattern");
    return {Kind::kReplace, std::move(pattern), json_string(json, "content", where)};
  }
  if (type == "BPEDecoder") {
    const std::string suffix = json_string(json, "suffix", where);
    if (suffix.empty()) fail(where + ".suffix", "expected a suffix, got an empty one");
    return {.kind = Kind::kWordEnd, .pattern = Pattern::literal(suffix)};
  }
  Step step;
  if (type == "Strip") {
    step = {.kind = Kind::kStrip, .content = json_string(json, "content", where)};
    step.start = static_cast<size_t>(json_count(json, "start", where));
    step.stop = static_cast<size_t>(json_count(json, "stop", where));
  } else if (type == "Metaspace") {
    step = {.kind = Kind::kMetaspace, .content = json_string(json, "replacement", where)};
    bool prefix = json_bool(json, "add_prefix_space", true, where);
    if (!json_absent(json, "prepend_scheme")) {
      prefix = json_string(json, "prepend_scheme", where) != "never";
    }
    step.start = prefix ? 1 : 0;
  } else {
    fail(where,
         "expected ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, BPEDecoder or "
         "Sequence, got \"{}\"",
         type);
  }
  require(!step.content.empty(), where, "expected a character, got none");
  return step;
}

Decoder Decoder::from_json(const Json& json, const std::string& where) {
  Decoder decoder;
  decoder.spaces_between_ = json.is_null();
  for_each_component(json, "decoders", where, [&](const Json& item, const std::string& at) {
    decoder.steps_.push_back(read_step(item, at));
  });
  return decoder;
}

Decoder Decoder::byte_level() {
  Decoder decoder;
  decoder.steps_.push_back({.kind = Kind::kByteLevel});
  return decoder;
}

Decoder Decoder::llama(bool strip) {
  Decoder decoder;
  decoder.steps_.push_back({Kind::kReplace, Pattern::literal(kMark), " "});
  decoder.steps_.push_back({.kind = Kind::kByteFallback});
  decoder.steps_.push_back({.kind = Kind::kFuse});
  if (strip) decoder.steps_.push_back({.kind = Kind::kStrip, .content = " ", .start = 1});
  return decoder;
}

void Decoder::run_step(const Step& step, Tokens& tokens) {
  switch (step.kind) {
    case Kind::kByteLevel:
      tokens = {repair_utf8(join_bytes(tokens))};
      return;
    case Kind::kByteFallback:
      tokens = join_byte_tokens(tokens);
      return;
    case Kind::kFuse:
      tokens = {join(tokens)};
      return;
    case Kind::kReplace:
      for (std::string& token : tokens) token = step.pattern.replace(token, step.content);
      return;
    case Kind::kStrip:
      for (std::string& token : tokens) token = strip(token, step.content, step.start, step.stop);
      return;
    case Kind::kMetaspace:
      return put_spaces(tokens, Pattern::literal(step.content), step.start, tokens.size());
    case Kind::kWordEnd:
      return put_spaces(tokens, step.pattern, 0, std::max<size_t>(tokens.size(), 1) - 1);
  }
}

std::string Decoder::decode(Tokens tokens) const {
  if (spaces_between_) {
    for (size_t i = 1; i < tokens.size(); ++i) tokens[i].insert(0, " ");
  }
  for (const Step& step : steps_) run_step(step, tokens);
  return join(tokens);
}

bool Decoder::is_closed(const Tokens& tokens) const {
  return std::all_of(steps_.begin(), steps_.end(), [&](const Step& step) {
    switch (step.kind) {
      case Kind::kByteLevel:
        return unfinished_utf8(join_bytes(tokens)) == 0;
      case Kind::kByteFallback:
        return tokens.empty() || !byte_of_token(tokens.back());
      case Kind::kStrip:
        return step.stop == 0;
      case Kind::kWordEnd:
        return false;
      default:
        return true;
    }
  });
}

}  // namespace flamingo::text
