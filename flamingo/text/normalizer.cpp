#include "flamingo/text/normalizer.h"

#include "flamingo/text/byte_chars.h"
#include "flamingo/text/json_fields.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

std::string_view strip(std::string_view text, bool left, bool right) {
  size_t begin = text.size();
  size_t end = 0;
  for (size_t pos = 0; pos < text.size();) {
    const Utf8Char c = decode_utf8(text, pos);
    if (!is_space(c.code)) {
      begin = std::min(begin, pos);
      end = pos + c.length;
    }
    pos += c.length;
  }
  if (!left) begin = 0;
  if (!right) end = text.size();
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

}  // namespace

Normalizer::Step Normalizer::read_step(const Json& json, const std::string& where) {
  const std::string type = json_type(json, where);
  if (type == "NFC") return {Kind::kNfc, {}, {}};
  if (type == "NFD") return {Kind::kNfd, {}, {}};
  if (type == "ByteLevel") return {Kind::kByteChars, {}, {}};
  if (type == "Prepend") return {Kind::kPrepend, json_string(json, "prepend", where), {}};
  if (type == "Replace") {
    Pattern pattern = Pattern::from_json(json_field(json, "pattern", where), where + ".pattern");
    return {Kind::kReplace, json_string(json, "content", where), std::move(pattern)};
  }
  if (type == "Strip") {
    const bool left = json_bool(json, "strip_left", true, where);
    return {Kind::kStrip, {}, {}, left, json_bool(json, "strip_right", true, where)};
  }
  fail(where, "expected NFC, NFD, Prepend, Replace, Strip, ByteLevel or Sequence, got \"{}\"",
       type);
}

Normalizer Normalizer::from_json(const Json& json, const std::string& where) {
  Normalizer normalizer;
  for_each_component(json, "normalizers", where, [&](const Json& item, const std::string& at) {
    normalizer.steps_.push_back(read_step(item, at));
  });
  return normalizer;
}

Normalizer Normalizer::llama(bool prefix) {
  const std::string mark = "\xe2\x96\x81";
  Normalizer normalizer;
  if (prefix) normalizer.steps_.push_back({Kind::kPrepend, mark, {}});
  normalizer.steps_.push_back({Kind::kReplace, mark, Pattern::literal(" ")});
  return normalizer;
}

std::string Normalizer::run_step(const Step& step, std::string_view text) {
  switch (step.kind) {
    case Kind::kNfc:
      return normalize_nfc(text);
    case Kind::kNfd:
      return normalize_nfd(text);
    case Kind::kPrepend:
      return text.empty() ? std::string() : step.content + std::string(text);
    case Kind::kReplace:
      return step.pattern.replace(text, step.content);
    case Kind::kStrip:
      return std::string(strip(text, step.left, step.right));
    case Kind::kByteChars:
      break;
  }
  return to_byte_chars(text);
}

std::string Normalizer::apply(std::string_view text) const {
  std::string out(text);
  for (const Step& step : steps_) out = run_step(step, out);
  return out;
}

}  // namespace flamingo::text
