#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

#include "flamingo/text/unicode_tables.inc"

// Hangul syllables are composed by arithmetic (Unicode 16, section 3.12).
constexpr char32_t kHangulBase = 0xac00, kLeadBase = 0x1100, kVowelBase = 0x1161;
constexpr char32_t kTrailBase = 0x11a7, kNumLead = 19, kNumVowel = 21, kNumTrail = 28;
constexpr char32_t kNumHangul = kNumLead * kNumVowel * kNumTrail;

/// A character with its canonical combining class.
struct Mark {
  char32_t code;
  uint8_t combining;
};

struct Entry {
  uint32_t code;
  uint32_t first;
  uint32_t second;
  bool composes;
};

constexpr size_t kNumEntries = std::size(kDecompositions) / 3;

Entry entry_at(size_t i) {
  const uint32_t* words = kDecompositions + 3 * i;
  return {words[0] & 0x7fffffffu, words[1], words[2], words[0] >> 31 != 0};
}

uint8_t combining_class(char32_t c) {
  const auto* next = std::upper_bound(std::begin(kCombiningRanges), std::end(kCombiningRanges),
                                      (static_cast<uint32_t>(c) << 8) | 0xff);
  return static_cast<uint8_t>(*(next - 1) & 0xff);
}

bool find_decomposition(char32_t c, Entry& found) {
  size_t low = 0;
  size_t high = kNumEntries;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (entry_at(middle).code < c) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == kNumEntries || entry_at(low).code != c) return false;
  found = entry_at(low);
  return true;
}

/// Appends the full decomposition of `c`; the tables nest at most four deep.
void decompose(char32_t c, std::vector<Mark>& out) {
  if (c >= kHangulBase && c < kHangulBase + kNumHangul) {
    const char32_t index = c - kHangulBase;
    out.push_back({kLeadBase + index / (kNumVowel * kNumTrail), 0});
    out.push_back({kVowelBase + index % (kNumVowel * kNumTrail) / kNumTrail, 0});
    if (index % kNumTrail != 0) out.push_back({kTrailBase + index % kNumTrail, 0});
    return;
  }
  Entry entry;
  if (c < 0xc0 || !find_decomposition(c, entry)) {
    out.push_back({c, combining_class(c)});
    return;
  }
  decompose(entry.first, out);
  if (entry.second != 0) decompose(entry.second, out);
}

/// Sorts each run of marks by combining class, keeping the order of equals.
void reorder(std::vector<Mark>& marks) {
  for (size_t begin = 0; begin < marks.size();) {
    if (marks[begin].combining == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < marks.size() && marks[end].combining != 0) ++end;
    std::stable_sort(marks.begin() + static_cast<ptrdiff_t>(begin),
                     marks.begin() + static_cast<ptrdiff_t>(end),
                     [](const Mark& a, const Mark& b) { return a.combining < b.combining; });
    begin = end;
  }
}

uint64_t pair_key(char32_t first, char32_t second) { return uint64_t{first} << 32 | second; }

const std::unordered_map<uint64_t, char32_t>& compositions() {
  static const auto table = [] {
    std::unordered_map<uint64_t, char32_t> pairs;
    for (size_t i = 0; i < kNumEntries; ++i) {
      const Entry entry = entry_at(i);
      if (entry.composes) pairs[pair_key(entry.first, entry.second)] = entry.code;
    }
    return pairs;
  }();
  return table;
}

/// The character that `first` and `second` compose to, or 0.
char32_t compose_pair(char32_t first, char32_t second) {
  if (first - kLeadBase < kNumLead && second - kVowelBase < kNumVowel) {
    return kHangulBase + ((first - kLeadBase) * kNumVowel + (second - kVowelBase)) * kNumTrail;
  }
  const char32_t syllable = first - kHangulBase;
  if (syllable < kNumHangul && syllable % kNumTrail == 0 && second > kTrailBase &&
      second < kTrailBase + kNumTrail) {
    return first + (second - kTrailBase);
  }
  const auto found = compositions().find(pair_key(first, second));
  return found == compositions().end() ? 0 : found->second;
}

/// Canonical composition in place (Unicode 16, section 3.11, D117).
void compose(std::vector<Mark>& marks) {
  size_t size = 0;
  size_t starter = 0;
  bool has_starter = false;
  for (const Mark mark : marks) {
    const bool adjacent = has_starter && size == starter + 1;
    const bool blocked = !adjacent && size > 0 && marks[size - 1].combining >= mark.combining;
    if (has_starter && !blocked) {
      const char32_t composed = compose_pair(marks[starter].code, mark.code);
      if (composed != 0) {
        marks[starter].code = composed;
        continue;
      }
    }
    if (mark.combining == 0) {
      starter = size;
      has_starter = true;
    }
    marks[size++] = mark;
  }
  marks.resize(size);
}

std::vector<Mark> decomposed(std::string_view text) {
  std::vector<Mark> marks;
  marks.reserve(text.size());
  for (size_t pos = 0; pos < text.size();) {
    const Utf8Char c = decode_utf8(text, pos);
    decompose(c.code, marks);
    pos += c.length;
  }
  reorder(marks);
  return marks;
}

std::string to_utf8(const std::vector<Mark>& marks) {
  std::string out;
  out.reserve(marks.size());
  for (const Mark& mark : marks) append_utf8(out, mark.code);
  return out;
}

/// Bytes below 0xcc only spell characters before U+0300, which no composition touches.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0xcc; });
}

}  // namespace

std::string normalize_nfd(std::string_view text) { return to_utf8(decomposed(text)); }

std::string normalize_nfc(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::vector<Mark> marks = decomposed(text);
  compose(marks);
  return to_utf8(marks);
}

}  // namespace flamingo::text
