#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "flamingo/corpus/key_table.h"
#include "flamingo/corpus/picture_index.h"
#include "flamingo/corpus/signature.h"

namespace flamingo::corpus {

/// What a page, a paragraph or a picture repeats. The first four drop a page.
enum class DuplicateRule {
  kNone,
  kUrl,
  kText,
  kEvaluationText,
  kSeenShare,
  kSeenParagraph,
  kEvaluationParagraph,
  kCommonPicture,
  kEvaluationPicture,
};

constexpr std::array<std::pair<DuplicateRule, const char*>, 9> enum_table(DuplicateRule) {
  return {{{DuplicateRule::kNone, "none"},
           {DuplicateRule::kUrl, "duplicate_url"},
           {DuplicateRule::kText, "duplicate_text"},
           {DuplicateRule::kEvaluationText, "evaluation_text"},
           {DuplicateRule::kSeenShare, "seen_share"},
           {DuplicateRule::kSeenParagraph, "seen_paragraph"},
           {DuplicateRule::kEvaluationParagraph, "evaluation_paragraph"},
           {DuplicateRule::kCommonPicture, "common_picture"},
           {DuplicateRule::kEvaluationPicture, "evaluation_picture"}}};
}

/// How much repetition between pages is allowed.
struct DuplicateConfig {
  double max_seen_share = 0.5;
  int64_t max_picture_pages = 10;
  int64_t picture_distance = 4;

  template <class Visitor>
  void visit(Visitor& v) {
    v("max_seen_share", max_seen_share,
      "largest share of a page's words in paragraphs seen before; above it the page is dropped");
    v("max_picture_pages", max_picture_pages,
      "on how many pages a picture may stand; on later ones it is removed");
    v("picture_distance", picture_distance,
      "in how many of 64 bits hashes of the same picture may differ, 0 to 11");
  }
};

/// Something of a page that goes, and why.
struct Removal {
  uint32_t index = 0;  ///< into the signature's paragraphs or pictures
  DuplicateRule rule = DuplicateRule::kNone;

  friend bool operator==(const Removal&, const Removal&) = default;
};

/// What is to be done with a page.
struct DuplicateVerdict {
  DuplicateRule rule = DuplicateRule::kNone;  ///< other than kNone: drop the page
  double value = 0;                           ///< share of its words seen before
  std::vector<Removal> paragraphs;            ///< ascending
  std::vector<Removal> pictures;              ///< ascending

  bool passed() const { return rule == DuplicateRule::kNone; }
};

/// Tells of each page in a sequence what earlier pages had already. Its answers depend on the
/// signatures and their order alone, so that it can be built again from signature files.
///
/// A page that is dropped leaves no trace: what is remembered is what was kept. (Remembered too are
/// the paragraphs and pictures that were removed from a kept page; they were known before.) Within
/// one page repetition counts as one occurrence.
///
/// Only hashes are kept, 64 bits each: among 43 million pages two different texts are taken for one
/// with probability 5e-5, and one paragraph of 10^9 wrongly meets one of 3e9 keys at 1.3e-9 each.
///
/// Memory for a page: 11 to 21 bytes for each of its 2 + paragraphs x bands keys and 44 to 76 for
/// each picture that is new. M3W (43.3 million pages, about 9 paragraphs and 4.3 pictures each, 8
/// bands): 74 keys = 0.8 to 1.6 KB and 0.19 to 0.33 KB, together 43 to 83 GB.
class DuplicateIndex {
 public:
  /// Throws Error for a picture_distance out of its range.
  explicit DuplicateIndex(const DuplicateConfig& config = {});

  /// What counts as seen for ever: the text, the paragraphs and the pictures of an evaluation item.
  /// Its URL does not count. Call it before the first add().
  void add_evaluation(const Signature& item);

  /// Judges the next page and, if it is kept, remembers it.
  DuplicateVerdict add(const Signature& page);

 private:
  DuplicateRule judge_page(const Signature& page) const;
  void judge_paragraphs(const Signature& page, DuplicateVerdict& verdict) const;
  void judge_pictures(const Signature& page, DuplicateVerdict& verdict);

  DuplicateConfig config_;
  KeySet urls_;
  KeySet texts_;
  KeySet evaluation_texts_;
  KeySet paragraphs_;
  KeySet evaluation_paragraphs_;
  PictureIndex pictures_;
  std::vector<uint32_t> picture_pages_;  ///< on how many pages each picture stood
};

}  // namespace flamingo::corpus
