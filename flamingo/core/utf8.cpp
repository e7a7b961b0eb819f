#include "flamingo/core/utf8.h"

namespace flamingo {
namespace {

/// What a lead byte asks for: continuation bytes, and the range of the first of them.
struct Lead {
  size_t continuations = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

bool read_lead(unsigned char byte, Lead& lead) {
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  lead.continuations = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  if (byte == 0xe0) lead.low = 0xa0;
  if (byte == 0xed) lead.high = 0x9f;
  if (byte == 0xf0) lead.low = 0x90;
  if (byte == 0xf4) lead.high = 0x8f;
  return true;
}

}  // namespace

Utf8Sequence read_utf8(std::string_view bytes, size_t pos) {
  Lead lead;
  if (!read_lead(static_cast<unsigned char>(bytes[pos]), lead)) return {};
  for (size_t i = 1; i <= lead.continuations; ++i) {
    if (pos + i == bytes.size()) return {.length = i, .unfinished = true};
    const auto byte = static_cast<unsigned char>(bytes[pos + i]);
    if (byte < lead.low || byte > lead.high) return {.length = i};
    lead.low = 0x80;
    lead.high = 0xbf;
  }
  return {.length = lead.continuations + 1, .valid = true};
}

bool is_utf8(std::string_view bytes) {
  for (size_t pos = 0; pos < bytes.size();) {
    const Utf8Sequence sequence = read_utf8(bytes, pos);
    if (!sequence.valid) return false;
    pos += sequence.length;
  }
  return true;
}

}  // namespace flamingo
