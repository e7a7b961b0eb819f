#pragma once

#include <optional>
#include <span>
#include <string>

#include "flamingo/corpus/recipe.h"
#include "flamingo/crawl/use_policy.h"

namespace flamingo::corpus {

/// The rule that something broke and what it measured, in words.
struct Objection {
  std::string rule;
  std::string detail;
};

/// The rules of a recipe that look at one page alone. Safe to share between threads.
class PageFilter {
 public:
  /// Loads the lists that the recipe names. Throws Error naming a bad one.
  explicit PageFilter(const CorpusRecipe& recipe);

  /// use_tags: X-Robots-Tag values that came with the page. Judges the page before its pictures are
  /// looked at, in the paper's order: use, pictures at all, language, explicit content, quality,
  /// repetition.
  std::optional<Objection> judge(const html::HtmlPage& page,
                                 std::span<const std::string> use_tags = {}) const;

  /// Judges a picture's file; where it passes, `hash` is its picture_hash and the media item gets
  /// its format and size.
  std::optional<Objection> judge_media_item(document::MediaItem& media_item, uint64_t& hash) const;

  const CorpusRecipe& recipe() const { return recipe_; }

 private:
  const CorpusRecipe& recipe_;
  ExplicitFilter explicit_;
  crawl::UsePolicy use_;
};

}  // namespace flamingo::corpus
