#include "flamingo/corpus/explicit_filter.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/io/byte_builder.h"

namespace flamingo::corpus {
namespace {

using testing::error_of;

constexpr const char* kList = "# clinical terms\n\nanatomy\t0.5\r\nNudity\t1\n";

document::Document page_of(const std::string& text) {
  document::Document document;
  document.parts.push_back(document::Part::of_text(text));
  return document;
}

double score(const document::Document& document) {
  return WordListScorer::parse(kList, "list").score(document);
}

TEST(ExplicitFilter, ScoreIsTheWeightedShareOfWords) {
  EXPECT_DOUBLE_EQ(score(page_of("a page about nudity")), 0.25);
  EXPECT_DOUBLE_EQ(score(page_of("NUDITY, anatomy!")), 0.75);
  EXPECT_DOUBLE_EQ(score(page_of("nothing of the kind")), 0);
  EXPECT_DOUBLE_EQ(score(page_of("")), 0);
  EXPECT_DOUBLE_EQ(score(document::Document{}), 0);
}

TEST(ExplicitFilter, WordsMustBeWhole) {
  EXPECT_DOUBLE_EQ(score(page_of("antinudity nudityless")), 0);
  EXPECT_DOUBLE_EQ(score(page_of("anti-nudity")), 0.5);
}

TEST(ExplicitFilter, TitleDescriptionsAndHostCount) {
  document::Document document = page_of("one two three");
  EXPECT_DOUBLE_EQ(score(document), 0);
  document.title = "nudity";
  EXPECT_DOUBLE_EQ(score(document), 1.0 / 4);
  document.media.push_back({.alt = "some nudity"});
  EXPECT_DOUBLE_EQ(score(document), 2.0 / 6);
  document.url = "https://nudity.example/path-nudity";
  EXPECT_DOUBLE_EQ(score(document), 3.0 / 8);
}

TEST(ExplicitFilter, BadListsNameTheirLine) {
  const auto error = [](const char* list) {
    return error_of([&] { WordListScorer::parse(list, "list"); });
  };
  EXPECT_EQ(error("a\t1\nb 1\n"), "[list:2] expected word<TAB>weight, got no tab");
  EXPECT_EQ(error("a b\t1\n"), "[list:1] expected one word before the tab, got \"a b\"");
  EXPECT_EQ(error("!\t1\n"), "[list:1] expected one word before the tab, got \"\"");
  for (const char* weight : {"0", "1.5", "-1", "x", "nan", "0.5 x"}) {
    EXPECT_NE(error(("a\t" + std::string(weight)).c_str()).find("expected a weight in (0, 1]"),
              std::string::npos)
        << weight;
  }
  EXPECT_EQ(error("a\t1\nA\t1\n"), "[list:2] expected each word once, got \"a\" again");
}

TEST(ExplicitFilter, DomainsAndThoseBelow) {
  const DomainList list = DomainList::parse("Example.com\n# no\n\nbad.org\n", "domains");
  EXPECT_EQ(list.size(), 2u);
  EXPECT_TRUE(list.contains("https://example.com/a"));
  EXPECT_TRUE(list.contains("http://a.b.example.com:8080"));
  EXPECT_TRUE(list.contains("http://BAD.ORG."));
  EXPECT_FALSE(list.contains("https://notexample.com/"));
  EXPECT_FALSE(list.contains("https://example.com.net/?u=example.com"));
  EXPECT_FALSE(list.contains("https://com/"));
  EXPECT_FALSE(list.contains("relative"));
  for (const char* bad : {"http://a.com", "a.com/x", "a b", "a.com:80"}) {
    EXPECT_THROW(DomainList::parse(bad, "domains"), Error) << bad;
  }
}

TEST(ExplicitFilter, JudgesByDomainThenScore) {
  const ExplicitFilter filter(
      std::make_unique<WordListScorer>(WordListScorer::parse(kList, "list")),
      DomainList::parse("bad.org", "domains"), 0.2);
  document::Document document = page_of("a page about nudity");
  EXPECT_EQ(filter.judge(document).rule, ExplicitRule::kExplicitScore);
  EXPECT_DOUBLE_EQ(filter.judge(document).value, 0.25);
  document.url = "https://www.bad.org/";
  EXPECT_EQ(filter.judge(document).rule, ExplicitRule::kBlockedDomain);
  EXPECT_TRUE(filter.judge(page_of("one of five is nudity")).passed());  // 0.2 is allowed
  EXPECT_TRUE(filter.blocks("https://img.bad.org/x.jpg"));
  EXPECT_FALSE(filter.blocks("https://good.org/x.jpg"));
}

/// A scorer of another kind.
class LengthScorer : public ContentScorer {
 public:
  double score(const document::Document& document) const override {
    return document.title.empty() ? 0 : 1;
  }
};

TEST(ExplicitFilter, TakesAnyScorer) {
  const ExplicitFilter filter(std::make_unique<LengthScorer>(), {}, 0.5);
  EXPECT_TRUE(filter.judge({}).passed());
  EXPECT_FALSE(filter.judge({.title = "x"}).passed());
  EXPECT_TRUE(ExplicitFilter(nullptr, {}, 0.5).judge({.title = "x"}).passed());
}

TEST(ExplicitFilter, LoadsWhatTheConfigNames) {
  const std::string folder = ::testing::TempDir() + "explicit_filter";
  make_folder(folder);
  write_file_atomic(folder + "/words.tsv", kList);
  write_file_atomic(folder + "/domains.txt", "bad.org\n");
  ExplicitConfig config;
  EXPECT_TRUE(ExplicitFilter(config).judge(page_of("nudity")).passed());
  config = {folder + "/words.tsv", folder + "/domains.txt", 0.1};
  EXPECT_FALSE(ExplicitFilter(config).judge(page_of("nudity")).passed());
  EXPECT_TRUE(ExplicitFilter(config).blocks("http://bad.org"));
  config.max_score = 1.5;
  EXPECT_THROW(ExplicitFilter{config}, Error);
  config = {folder + "/missing.tsv", "", 0.1};
  EXPECT_THROW(ExplicitFilter{config}, Error);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace flamingo::corpus
