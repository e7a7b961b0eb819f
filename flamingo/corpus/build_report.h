#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flamingo/core/config.h"

namespace flamingo::corpus {

/// What one rule dropped.
struct RuleCount {
  int64_t pages = 0;
  int64_t media = 0;
};

/// Something dropped, kept as an example for people to look at.
struct DropExample {
  std::string rule;
  std::string url;      ///< of the page or media item
  std::string detail;   ///< the measured value: "mean_word_length 12.3"
  std::string excerpt;  ///< the beginning of the page's text; empty for media

  template <class Visitor>
  void visit(Visitor& v) {
    v("rule", rule, "the rule that dropped it");
    v("url", url, "of the page or media item");
    v("detail", detail, "what the rule measured");
    v("excerpt", excerpt, "the beginning of the page's text");
  }
};

/// Counters of a build, for one shard or summed over many. Every page and media item that was seen
/// is either kept or counted under exactly one rule.
class BuildReport {
 public:
  /// Examples kept per rule.
  static constexpr int64_t kExamples = 8;
  /// Bytes of text in an example.
  static constexpr size_t kExcerptBytes = 400;

  /// A page, with its media, stays.
  void keep(int64_t num_media, int64_t num_words);
  /// A page goes, and with it the media that were still on it.
  void drop_page(DropExample example, int64_t num_media);
  /// A media item goes, its page stays so far.
  void drop_media_item(DropExample example);
  /// `count` media go that nobody needs to see an example of; 0 changes nothing.
  void drop_media(const std::string& rule, int64_t count);
  /// `count` answers of WARC files that were this: "page", "picture", "redirect", "revisit",
  /// "other", or why they are of no use ("cut_off", "http_status", ...). Each is counted under one
  /// name.
  void add_answers(const std::string& name, int64_t count) { answers_[name] += count; }
  /// What was kept is judged again by a later pass, whose report is merged afterwards.
  void forget_kept() { pages_kept_ = media_kept_ = words_kept_ = 0; }
  /// Adds what another report counted.
  void merge(const BuildReport& other);

  int64_t pages_seen() const;
  int64_t media_seen() const;
  int64_t pages_kept() const { return pages_kept_; }
  int64_t media_kept() const { return media_kept_; }
  int64_t words_kept() const { return words_kept_; }
  const std::map<std::string, RuleCount>& dropped() const { return dropped_; }
  const std::map<std::string, int64_t>& answers() const { return answers_; }
  const std::vector<DropExample>& examples() const { return examples_; }

  /// JSON object; equal reports give equal text.
  Json to_json() const;
  /// Reads to_json's object. Throws Error naming `where`.
  static BuildReport from_json(const Json& json, const std::string& where);
  /// A table for people: kept and dropped pages and media, one line a rule, then the answers.
  std::string table() const;

 private:
  void add_example(DropExample example);

  int64_t pages_kept_ = 0;
  int64_t media_kept_ = 0;
  int64_t words_kept_ = 0;
  std::map<std::string, RuleCount> dropped_;
  std::map<std::string, int64_t> answers_;
  std::map<std::string, int64_t> num_examples_;
  std::vector<DropExample> examples_;
};

}  // namespace flamingo::corpus
