#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "flamingo/document/document.h"

namespace flamingo::corpus {

/// How explicit a page is, by whatever means: a word list here, a classifier elsewhere.
class ContentScorer {
 public:
  virtual ~ContentScorer() = default;
  /// In [0, 1]; 0 is harmless.
  virtual double score(const document::Document& document) const = 0;
};

/// Scores a page by a list of words: the sum of the weights of the listed words among all words of
/// its text, title, descriptions of media and host name, divided by the number of those words.
/// Words are whole ones, and equal when fold_text makes them so.
class WordListScorer : public ContentScorer {
 public:
  /// A list has a `word<TAB>weight` on each line, weight in (0, 1]; blank lines and those that
  /// start with '#' are skipped. `where` names it in errors.
  /// Throws Error naming the line: no tab, not one word, a bad weight, a word twice.
  static WordListScorer parse(std::string_view list, const std::string& where);
  /// Reads a list of at most 16 MiB. Throws Error as read_file and parse do.
  static WordListScorer load(const std::string& path);

  double score(const document::Document& document) const override;
  size_t size() const { return weights_.size(); }

 private:
  std::unordered_map<uint64_t, double> weights_;  ///< by the hash of the folded word
};

/// Hosts that no page may come from.
class DomainList {
 public:
  /// One domain on each line; blank lines and those that start with '#' are skipped.
  /// Throws Error naming a line that is not a domain.
  static DomainList parse(std::string_view list, const std::string& where);
  /// Reads a list of at most 64 MiB. Throws Error as read_file and parse do.
  static DomainList load(const std::string& path);

  /// Whether the URL's host is a listed domain or lies below one.
  bool contains(std::string_view url) const;
  size_t size() const { return domains_.size(); }

 private:
  std::unordered_set<std::string> domains_;
};

/// Why a page is explicit. M3W drops such pages by an internal filter (Alayrac et al. 2022, A.3.1).
enum class ExplicitRule { kNone, kBlockedDomain, kExplicitScore };

constexpr std::array<std::pair<ExplicitRule, const char*>, 3> enum_table(ExplicitRule) {
  return {{{ExplicitRule::kNone, "none"},
           {ExplicitRule::kBlockedDomain, "blocked_domain"},
           {ExplicitRule::kExplicitScore, "explicit_score"}}};
}

/// Where the lists are and how much is too much.
struct ExplicitConfig {
  std::string word_list;
  std::string blocked_domains;
  double max_score = 0.01;

  template <class Visitor>
  void visit(Visitor& v) {
    v("word_list", word_list, "file of word<TAB>weight lines; empty: no page is scored");
    v("blocked_domains", blocked_domains, "file of domains; empty: no domain is blocked");
    v("max_score", max_score, "largest explicit score of a page, in [0, 1]");
  }
};

/// Which rule a page breaks; value is its score, or 1 for a blocked domain.
struct ExplicitVerdict {
  ExplicitRule rule = ExplicitRule::kNone;
  double value = 0;

  bool passed() const { return rule == ExplicitRule::kNone; }
};

/// Judges pages by a list of domains and a scorer. Safe to share between threads where its scorer
/// is.
class ExplicitFilter {
 public:
  /// Loads the lists that the config names. Throws Error naming a bad one.
  explicit ExplicitFilter(const ExplicitConfig& config);
  /// scorer may be null: only domains count then.
  ExplicitFilter(std::unique_ptr<ContentScorer> scorer, DomainList domains, double max_score);

  ExplicitVerdict judge(const document::Document& document) const;
  /// Whether a media item's address is in a blocked domain.
  bool blocks(std::string_view url) const { return domains_.contains(url); }

 private:
  std::unique_ptr<ContentScorer> scorer_;
  DomainList domains_;
  double max_score_ = 0;
};

}  // namespace flamingo::corpus
