#include "flamingo/corpus/explicit_filter.h"

#include <algorithm>
#include <charconv>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/corpus/url_key.h"
#include "flamingo/corpus/words.h"

namespace flamingo::corpus {
namespace {

constexpr uint64_t kMaxWordList = 16ull << 20;
constexpr uint64_t kMaxDomainList = 64ull << 20;

/// Calls take(line, where) for each line that says something.
template <class Take>
void for_each_entry(std::string_view list, const std::string& where, Take take) {
  for (int64_t number = 1; !list.empty(); ++number) {
    const std::string_view line = trim(next_line(list));
    if (line.empty() || line.front() == '#') continue;
    take(line, where + ":" + std::to_string(number));
  }
}

double parse_weight(std::string_view text, const std::string& where) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  require(error == std::errc() && end == text.data() + text.size() && weight > 0 && weight <= 1,
          where, "expected a weight in (0, 1], got \"{}\"", text);
  return weight;
}

/// Sums over the words of several texts.
struct Tally {
  const std::unordered_map<uint64_t, double>& weights;
  double weight = 0;
  int64_t words = 0;

  void add(std::string_view text) {
    const std::string folded = fold_text(text);
    std::string_view rest = folded;
    for (std::string_view word; next_folded_word(rest, word); ++words) {
      const auto found = weights.find(hash_bytes(word));
      if (found != weights.end()) weight += found->second;
    }
  }
};

bool is_domain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' ||
           c == '_';
  });
}

}  // namespace

WordListScorer WordListScorer::parse(std::string_view list, const std::string& where) {
  WordListScorer scorer;
  for_each_entry(list, where, [&](std::string_view line, const std::string& at) {
    const size_t tab = line.find('\t');
    require(tab != std::string_view::npos, at, "expected word<TAB>weight, got no tab");
    const std::string word = fold_text(line.substr(0, tab));
    require(!word.empty() && word.find(' ') == std::string::npos, at,
            "expected one word before the tab, got \"{}\"", word);
    const double weight = parse_weight(trim(line.substr(tab)), at);
    require(scorer.weights_.emplace(hash_bytes(word), weight).second, at,
            "expected each word once, got \"{}\" again", word);
  });
  return scorer;
}

WordListScorer WordListScorer::load(const std::string& path) {
  return parse(read_file(path, kMaxWordList), path);
}

double WordListScorer::score(const document::Document& document) const {
  Tally tally{weights_};
  for (const document::Part& part : document.parts) tally.add(part.text);
  for (const document::MediaItem& media_item : document.media) tally.add(media_item.alt);
  tally.add(document.title);
  tally.add(host_of_url(document.url));
  return tally.weight / static_cast<double>(std::max<int64_t>(tally.words, 1));
}

DomainList DomainList::parse(std::string_view list, const std::string& where) {
  DomainList domains;
  for_each_entry(list, where, [&](std::string_view line, const std::string& at) {
    require(is_domain(line), at, "expected a domain, got \"{}\"", line);
    domains.domains_.insert(host_of_url("http://" + std::string(line)));
  });
  return domains;
}

DomainList DomainList::load(const std::string& path) {
  return parse(read_file(path, kMaxDomainList), path);
}

bool DomainList::contains(std::string_view url) const {
  if (domains_.empty()) return false;
  const std::string host = host_of_url(url);
  for (size_t begin = 0; begin < host.size(); ++begin) {
    if (domains_.contains(host.substr(begin))) return true;
    begin = std::min(host.find('.', begin), host.size());
  }
  return false;
}

ExplicitFilter::ExplicitFilter(const ExplicitConfig& config) : max_score_(config.max_score) {
  require_within("explicit_filter", "max_score", max_score_, 0.0, 1.0);
  if (!config.word_list.empty()) {
    scorer_ = std::make_unique<WordListScorer>(WordListScorer::load(config.word_list));
  }
  if (!config.blocked_domains.empty()) domains_ = DomainList::load(config.blocked_domains);
}

ExplicitFilter::ExplicitFilter(std::unique_ptr<ContentScorer> scorer, DomainList domains,
                               double max_score)
    : scorer_(std::move(scorer)), domains_(std::move(domains)), max_score_(max_score) {}

ExplicitVerdict ExplicitFilter::judge(const document::Document& document) const {
  if (domains_.contains(document.url)) return {ExplicitRule::kBlockedDomain, 1};
  const double score = scorer_ ? scorer_->score(document) : 0;
  return {score > max_score_ ? ExplicitRule::kExplicitScore : ExplicitRule::kNone, score};
}

}  // namespace flamingo::corpus
