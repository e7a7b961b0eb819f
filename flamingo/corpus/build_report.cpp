#include "flamingo/corpus/build_report.h"

#include <cstdio>
#include <optional>

#include "flamingo/text/unicode.h"

namespace flamingo::corpus {
namespace {

struct JsonRule {
  std::string rule;
  int64_t pages = 0;
  int64_t media = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("rule", rule, "name");
    v("pages", pages, "pages it dropped");
    v("media", media, "media it dropped, alone or with their page");
  }
};

struct JsonAnswer {
  std::string answer;
  int64_t count = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("answer", answer, "what it was, or why it is of no use");
    v("count", count, "such answers");
  }
};

struct JsonReport {
  int64_t pages_kept = 0;
  int64_t media_kept = 0;
  int64_t words_kept = 0;
  std::vector<JsonRule> dropped;
  std::vector<JsonAnswer> answers;
  std::vector<DropExample> examples;

  template <class Visitor>
  void visit(Visitor& v) {
    v("pages_kept", pages_kept, "pages in the output");
    v("media_kept", media_kept, "media in the output");
    v("words_kept", words_kept, "words in the output");
    v("dropped", dropped, "what each rule dropped");
    v("answers", answers, "answers in WARC files");
    v("examples", examples, "some of what was dropped");
  }
};

/// At most max_bytes of well-formed UTF-8, cut between characters.
std::string beginning(const std::string& text, size_t max_bytes) {
  std::string cut = text.substr(0, max_bytes);
  cut.resize(cut.size() - text::unfinished_utf8(cut));
  return cut;
}

/// Columns of a line; the last may be missing.
std::string row(const std::string& name, int64_t first, std::optional<int64_t> second = {}) {
  char line[128];
  std::snprintf(line, sizeof(line), "%-34.34s %12lld", name.c_str(), static_cast<long long>(first));
  std::string text = line;
  if (second) {
    std::snprintf(line, sizeof(line), " %12lld", static_cast<long long>(*second));
    text += line;
  }
  return text + "\n";
}

}  // namespace

void BuildReport::keep(int64_t num_media, int64_t num_words) {
  ++pages_kept_;
  media_kept_ += num_media;
  words_kept_ += num_words;
}

void BuildReport::drop_page(DropExample example, int64_t num_media) {
  RuleCount& count = dropped_[example.rule];
  ++count.pages;
  count.media += num_media;
  add_example(std::move(example));
}

void BuildReport::drop_media_item(DropExample example) {
  ++dropped_[example.rule].media;
  add_example(std::move(example));
}

void BuildReport::drop_media(const std::string& rule, int64_t count) {
  if (count > 0) dropped_[rule].media += count;
}

void BuildReport::add_example(DropExample example) {
  int64_t& seen = num_examples_[example.rule];
  if (seen == kExamples) return;
  ++seen;
  example.excerpt = beginning(example.excerpt, kExcerptBytes);
  examples_.push_back(std::move(example));
}

void BuildReport::merge(const BuildReport& other) {
  pages_kept_ += other.pages_kept_;
  media_kept_ += other.media_kept_;
  words_kept_ += other.words_kept_;
  for (const auto& [rule, count] : other.dropped_) {
    dropped_[rule].pages += count.pages;
    dropped_[rule].media += count.media;
  }
  for (const auto& [name, count] : other.answers_) add_answers(name, count);
  for (const DropExample& example : other.examples_) add_example(example);
}

int64_t BuildReport::pages_seen() const {
  int64_t pages = pages_kept_;
  for (const auto& [rule, count] : dropped_) pages += count.pages;
  return pages;
}

int64_t BuildReport::media_seen() const {
  int64_t media = media_kept_;
  for (const auto& [rule, count] : dropped_) media += count.media;
  return media;
}

Json BuildReport::to_json() const {
  JsonReport json{.pages_kept = pages_kept_,
                  .media_kept = media_kept_,
                  .words_kept = words_kept_,
                  .examples = examples_};
  for (const auto& [rule, count] : dropped_)
    json.dropped.push_back({rule, count.pages, count.media});
  for (const auto& [name, count] : answers_) json.answers.push_back({name, count});
  return config_to_json(json);
}

BuildReport BuildReport::from_json(const Json& json, const std::string& where) {
  JsonReport read;
  config_from_json(json, read, where);
  BuildReport report;
  report.pages_kept_ = read.pages_kept;
  report.media_kept_ = read.media_kept;
  report.words_kept_ = read.words_kept;
  for (const JsonRule& rule : read.dropped) report.dropped_[rule.rule] = {rule.pages, rule.media};
  for (const JsonAnswer& answer : read.answers) report.add_answers(answer.answer, answer.count);
  for (DropExample& example : read.examples) report.add_example(std::move(example));
  return report;
}

std::string BuildReport::table() const {
  char title[128];
  std::snprintf(title, sizeof(title), "%-34s %12s %12s\n", "rule", "pages", "media");
  std::string text = title + row("seen", pages_seen(), media_seen());
  for (const auto& [rule, count] : dropped_) text += row("- " + rule, count.pages, count.media);
  text += row("kept", pages_kept_, media_kept_);
  if (answers_.empty()) return text;
  std::snprintf(title, sizeof(title), "\n%-34s %12s\n", "answers in WARC files", "count");
  text += title;
  for (const auto& [name, count] : answers_) text += row(name, count);
  return text;
}

}  // namespace flamingo::corpus
