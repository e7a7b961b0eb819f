#include "flamingo/corpus/duplicate_index.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "tests/corpus/text_testing.h"
#include "tests/io/byte_builder.h"

namespace flamingo::corpus {
namespace {

using testing::join;
using testing::random_words;

using Removals = std::vector<Removal>;

const ParagraphHasher& hasher() {
  static const ParagraphHasher instance{FingerprintConfig{}};
  return instance;
}

/// Makes pages of paragraphs that no other page has.
class Pages {
 public:
  std::string paragraph(size_t words = 40) { return join(random_words(words, 100'000, rng_)); }

  Signature sign(const std::string& text, std::vector<uint64_t> pictures = {},
                 const std::string& url = "") {
    const document::Document document{.url = url, .parts = {document::Part::of_text(text)}};
    return sign_document(document, hasher(), pictures).signature;
  }
  /// A page with pictures and text of its own.
  Signature with_pictures(std::vector<uint64_t> pictures) {
    return sign(paragraph(), std::move(pictures));
  }

  Rng rng_{1};
};

constexpr uint64_t kLogo = 0x123456789abcdef0;
constexpr uint64_t kOther = 0xf0f0a5a53c3c9696;

TEST(DuplicateIndex, SameAddress) {
  Pages pages;
  DuplicateIndex index;
  EXPECT_TRUE(index.add(pages.sign(pages.paragraph(), {}, "http://example.com/a")).passed());
  EXPECT_EQ(index.add(pages.sign(pages.paragraph(), {}, "https://example.com/a#top")).rule,
            DuplicateRule::kUrl);
  EXPECT_TRUE(index.add(pages.sign(pages.paragraph(), {}, "http://example.com/b")).passed());
  EXPECT_TRUE(index.add(pages.sign(pages.paragraph())).passed());  // no address twice
  EXPECT_TRUE(index.add(pages.sign(pages.paragraph())).passed());
}

TEST(DuplicateIndex, SameText) {
  Pages pages;
  DuplicateIndex index;
  EXPECT_TRUE(index.add(pages.sign("A short text.")).passed());
  EXPECT_EQ(index.add(pages.sign("a SHORT text")).rule, DuplicateRule::kText);
  EXPECT_TRUE(index.add(pages.sign("Another text.")).passed());
  EXPECT_TRUE(index.add(pages.sign("")).passed());  // pages without words are not alike
  EXPECT_TRUE(index.add(pages.sign("...")).passed());
}

TEST(DuplicateIndex, SeenParagraphsAreNamed) {
  Pages pages;
  DuplicateIndex index;
  const std::string shared = pages.paragraph(), near = pages.paragraph(100);
  EXPECT_TRUE(index.add(pages.sign(shared + "\n\n" + near)).passed());
  std::string edited = near;
  edited[edited.find(' ') - 1] = 'q';
  const DuplicateVerdict verdict = index.add(pages.sign(
      pages.paragraph(100) + "\n\n" + shared + "\n\n" + pages.paragraph(100) + "\n\n" + edited));
  EXPECT_TRUE(verdict.passed());
  EXPECT_EQ(verdict.paragraphs,
            (Removals{{1, DuplicateRule::kSeenParagraph}, {3, DuplicateRule::kSeenParagraph}}));
  EXPECT_DOUBLE_EQ(verdict.value, 140.0 / 340);
}

TEST(DuplicateIndex, PagesThatLoseTooMuchAreDropped) {
  Pages pages;
  const std::string shared = pages.paragraph(), own = pages.paragraph(39);
  const Signature first = pages.sign(shared + "\n\n" + pages.paragraph());
  DuplicateIndex index;
  index.add(first);
  const DuplicateVerdict verdict = index.add(pages.sign(shared + "\n\n" + own));
  EXPECT_EQ(verdict.rule, DuplicateRule::kSeenShare);
  EXPECT_DOUBLE_EQ(verdict.value, 40.0 / 79);
  DuplicateIndex lenient({.max_seen_share = 0.51});
  lenient.add(first);
  EXPECT_TRUE(lenient.add(pages.sign(shared + "\n\n" + own)).passed());
}

TEST(DuplicateIndex, DroppedPagesLeaveNoTrace) {
  Pages pages;
  DuplicateIndex index({.max_picture_pages = 1});
  const std::string shared = pages.paragraph(), own = pages.paragraph(30);
  index.add(pages.sign(shared));
  EXPECT_FALSE(index.add(pages.sign(shared + "\n\n" + own, {kLogo}, "http://a.com/x")).passed());
  const DuplicateVerdict verdict =
      index.add(pages.sign(own + "\n\n" + pages.paragraph(), {kLogo}, "http://a.com/x"));
  EXPECT_TRUE(verdict.passed());
  EXPECT_TRUE(verdict.paragraphs.empty());
  EXPECT_TRUE(verdict.pictures.empty());
}

TEST(DuplicateIndex, RepetitionWithinAPageIsNotCompared) {
  Pages pages;
  DuplicateIndex index({.max_picture_pages = 1});
  const std::string twice = pages.paragraph();
  const DuplicateVerdict verdict =
      index.add(pages.sign(twice + "\n\n" + twice, {kLogo, kLogo, kLogo}));
  EXPECT_TRUE(verdict.passed());
  EXPECT_TRUE(verdict.paragraphs.empty());
  EXPECT_TRUE(verdict.pictures.empty());
}

TEST(DuplicateIndex, PicturesOnTooManyPagesGo) {
  Pages pages;
  DuplicateIndex index({.max_picture_pages = 3});
  for (int page = 0; page < 3; ++page) {
    EXPECT_TRUE(index.add(pages.with_pictures({kLogo})).pictures.empty()) << page;
  }
  for (int page = 0; page < 3; ++page) {
    EXPECT_EQ(index.add(pages.with_pictures({kOther + page * 0xffffff, kLogo, kLogo})).pictures,
              (Removals{{1, DuplicateRule::kCommonPicture}, {2, DuplicateRule::kCommonPicture}}));
  }
}

TEST(DuplicateIndex, NearPicturesAreTheSame) {
  Pages pages;
  DuplicateIndex index({.max_picture_pages = 1, .picture_distance = 4});
  index.add(pages.with_pictures({kLogo}));
  EXPECT_EQ(index.add(pages.with_pictures({kLogo ^ 0x8000400020001})).pictures.size(), 1u);
  EXPECT_EQ(index.add(pages.with_pictures({kLogo ^ 0x8000400020011})).pictures.size(), 0u);
  EXPECT_TRUE(index.add(pages.with_pictures({0, 0})).pictures.empty());  // 0 is no picture
  EXPECT_TRUE(index.add(pages.with_pictures({0})).pictures.empty());
}

TEST(DuplicateIndex, EvaluationItemsAlwaysCountAsSeen) {
  Pages pages;
  DuplicateIndex index;
  const std::string question = pages.paragraph();
  index.add_evaluation(pages.sign(question, {kLogo}, "http://a.com/x"));
  index.add_evaluation(pages.sign("A short caption."));
  EXPECT_EQ(index.add(pages.sign(question)).rule, DuplicateRule::kEvaluationText);
  EXPECT_EQ(index.add(pages.sign("a short caption")).rule, DuplicateRule::kEvaluationText);
  const DuplicateVerdict verdict = index.add(
      pages.sign(pages.paragraph(50) + "\n\n" + question, {kOther, kLogo ^ 1}, "http://a.com/x"));
  EXPECT_TRUE(verdict.passed());  // the address of an evaluation item does not count
  EXPECT_EQ(verdict.paragraphs, (Removals{{1, DuplicateRule::kEvaluationParagraph}}));
  EXPECT_EQ(verdict.pictures, (Removals{{1, DuplicateRule::kEvaluationPicture}}));
}

// Pages that share paragraphs, pictures and addresses at random.
std::vector<Signature> crawl(size_t count) {
  Pages pages;
  std::vector<std::string> stock;
  for (int i = 0; i < 60; ++i) stock.push_back(pages.paragraph());
  std::vector<Signature> crawled;
  for (size_t i = 0; i < count; ++i) {
    std::string text = pages.paragraph();
    for (uint64_t n = pages.rng_.below(4); n > 0; --n) {
      text += "\n\n" + stock[pages.rng_.below(stock.size())];
    }
    crawled.push_back(pages.sign(text, {Rng(pages.rng_.below(30)).next()},
                                 "http://a.com/" + std::to_string(pages.rng_.below(5 * count))));
  }
  return crawled;
}

std::string summary(DuplicateIndex& index, std::span<const Signature> pages) {
  std::string text;
  for (const Signature& page : pages) {
    const DuplicateVerdict verdict = index.add(page);
    text += enum_name(verdict.rule);
    for (const auto* list : {&verdict.paragraphs, &verdict.pictures}) {
      for (const Removal& removal : *list) {
        text += " " + std::to_string(removal.index) + std::string(enum_name(removal.rule));
      }
    }
    text += "\n";
  }
  return text;
}

TEST(DuplicateIndex, FilesOfOtherShardsGiveTheSameAnswers) {
  const std::vector<Signature> pages = crawl(400);
  DuplicateIndex whole;
  const std::string expected = summary(whole, pages);
  for (const char* name : {"duplicate_url", "seen_share", "seen_paragraph", "common_picture"}) {
    EXPECT_NE(expected.find(name), std::string::npos) << name;
  }
  const std::string file = write_signatures(std::span(pages).first(300), {});
  const auto earlier = read_signatures(testing::as_bytes(file), {}, "file");
  DuplicateIndex index;
  std::string actual = summary(index, earlier);
  actual += summary(index, std::span(pages).subspan(300));
  EXPECT_EQ(actual, expected);
}

TEST(DuplicateIndex, SettingsAreChecked) {
  EXPECT_THROW(DuplicateIndex({.picture_distance = 12}), Error);
  EXPECT_THROW(DuplicateIndex({.max_picture_pages = -1}), Error);
}

}  // namespace
}  // namespace flamingo::corpus
