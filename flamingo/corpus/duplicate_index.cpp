#include "flamingo/corpus/duplicate_index.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "flamingo/core/checked.h"

namespace flamingo::corpus {
namespace {

/// In place of a number of pages: the picture is one of an evaluation set.
constexpr uint32_t kEvaluation = std::numeric_limits<uint32_t>::max();

bool contains_any(const KeySet& set, const std::vector<uint64_t>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](uint64_t key) { return set.contains(key); });
}

void insert_all(KeySet& set, const std::vector<uint64_t>& keys) {
  for (const uint64_t key : keys) set.insert(key);
}

}  // namespace

DuplicateIndex::DuplicateIndex(const DuplicateConfig& config)
    : config_(config), pictures_(config.picture_distance) {
  require_within("duplicates", "max_picture_pages", config.max_picture_pages, 0,
                 int64_t{kEvaluation} - 1);
}

void DuplicateIndex::add_evaluation(const Signature& item) {
  if (!item.text.empty()) evaluation_texts_.insert(item.text.low);
  for (const ParagraphPrint& paragraph : item.paragraphs) {
    insert_all(evaluation_paragraphs_, paragraph.keys);
  }
  for (const uint64_t picture : item.pictures) {
    if (picture == 0) continue;
    pictures_.add(picture);
    picture_pages_.push_back(kEvaluation);
  }
}

DuplicateVerdict DuplicateIndex::add(const Signature& page) {
  DuplicateVerdict verdict;
  verdict.rule = judge_page(page);
  if (!verdict.passed()) return verdict;
  judge_paragraphs(page, verdict);
  if (!verdict.passed()) return verdict;
  judge_pictures(page, verdict);
  if (page.url != 0) urls_.insert(page.url);
  if (!page.text.empty()) texts_.insert(page.text.low);
  for (const ParagraphPrint& paragraph : page.paragraphs) insert_all(paragraphs_, paragraph.keys);
  return verdict;
}

DuplicateRule DuplicateIndex::judge_page(const Signature& page) const {
  if (page.url != 0 && urls_.contains(page.url)) return DuplicateRule::kUrl;
  if (page.text.empty()) return DuplicateRule::kNone;
  if (evaluation_texts_.contains(page.text.low)) return DuplicateRule::kEvaluationText;
  return texts_.contains(page.text.low) ? DuplicateRule::kText : DuplicateRule::kNone;
}

void DuplicateIndex::judge_paragraphs(const Signature& page, DuplicateVerdict& verdict) const {
  uint64_t seen_words = 0;
  for (uint32_t i = 0; i < page.paragraphs.size(); ++i) {
    const ParagraphPrint& paragraph = page.paragraphs[i];
    if (contains_any(evaluation_paragraphs_, paragraph.keys)) {
      verdict.paragraphs.push_back({i, DuplicateRule::kEvaluationParagraph});
    } else if (contains_any(paragraphs_, paragraph.keys)) {
      verdict.paragraphs.push_back({i, DuplicateRule::kSeenParagraph});
    } else {
      continue;
    }
    seen_words += paragraph.words;
  }
  verdict.value = static_cast<double>(seen_words) / std::max<double>(page.words, 1);
  if (verdict.value > config_.max_seen_share) verdict.rule = DuplicateRule::kSeenShare;
}

void DuplicateIndex::judge_pictures(const Signature& page, DuplicateVerdict& verdict) {
  KeySet counted;  // pictures of this page
  for (uint32_t i = 0; i < page.pictures.size(); ++i) {
    if (page.pictures[i] == 0) continue;
    const std::optional<uint32_t> known = pictures_.find(page.pictures[i]);
    const uint32_t number = known ? *known : pictures_.add(page.pictures[i]);
    if (!known) picture_pages_.push_back(0);
    uint32_t& pages = picture_pages_[number];
    if (pages == kEvaluation) {
      verdict.pictures.push_back({i, DuplicateRule::kEvaluationPicture});
      continue;
    }
    const bool first = counted.insert(uint64_t{number} + 1).second;
    if (first && pages <= config_.max_picture_pages) ++pages;
    if (pages > config_.max_picture_pages) {
      verdict.pictures.push_back({i, DuplicateRule::kCommonPicture});
    }
  }
}

}  // namespace flamingo::corpus
