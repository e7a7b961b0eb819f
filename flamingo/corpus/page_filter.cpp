#include "flamingo/corpus/page_filter.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "flamingo/corpus/picture_hash.h"
#include "flamingo/crawl/robots.h"

namespace flamingo::corpus {
namespace {

/// "mean_word_length 12.3"
template <class Rule>
Objection objection(Rule rule, double value, const std::string& more = {}) {
  char number[32];
  std::snprintf(number, sizeof(number), "%.4g", value);
  const std::string name(enum_name(rule));
  return {name, name + " " + number + (more.empty() ? "" : ", " + more)};
}

}  // namespace

PageFilter::PageFilter(const CorpusRecipe& recipe)
    : recipe_(recipe),
      explicit_(recipe.explicit_content),
      use_{std::string(crawl::product_token(recipe.fetch.user_agent)), recipe.forbidden_uses} {}

std::optional<Objection> PageFilter::judge(const html::HtmlPage& page,
                                           std::span<const std::string> use_tags) const {
  for (const std::string& use : recipe_.forbidden_uses) {
    if (page.forbids(use)) return Objection{"use_forbidden", use};
  }
  for (const std::string& tag : use_tags) {
    if (use_.header_forbids(tag)) return Objection{"use_forbidden", tag};
  }
  const document::Document& document = page.document;
  const bool any = std::ranges::any_of(document.media, [](const document::MediaItem& media_item) {
    return media_item.kind == document::MediaKind::kImage;
  });
  if (!any) return Objection{"no_picture", ""};
  const std::string text = document::plain_text(document);
  const auto language = judge_language(text, recipe_.language);
  if (!language.passed()) return objection(language.rule, language.value, language.guess.code);
  const auto content = explicit_.judge(document);
  if (!content.passed()) return objection(content.rule, content.value);
  const auto quality = judge_quality(text, recipe_.quality);
  if (!quality.passed()) return objection(quality.rule, quality.value);
  const auto repetition = judge_repetition(text, recipe_.repetition);
  if (!repetition.passed()) return objection(repetition.rule, repetition.value);
  return std::nullopt;
}

std::optional<Objection> PageFilter::judge_media_item(document::MediaItem& media_item,
                                                      uint64_t& hash) const {
  if (explicit_.blocks(media_item.url)) return Objection{"blocked_domain", media_item.url};
  const auto verdict =
      judge_picture(std::as_bytes(std::span(media_item.bytes)), media_item.url, recipe_.pictures);
  if (!verdict.passed()) return objection(verdict.rule, verdict.value);
  media_item.format = enum_name(verdict.info.format);
  media_item.width = verdict.info.width;
  media_item.height = verdict.info.height;
  hash = picture_hash(verdict.rgb);
  return std::nullopt;
}

}  // namespace flamingo::corpus
