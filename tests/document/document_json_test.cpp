#include "flamingo/document/document_json.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::document {
namespace {

Document pets() {
  Document page{.url = "https://pets.example/a", .title = "Pets", .licence = "CC-BY-4.0"};
  page.media.resize(2);
  page.media[0] = {.url = "https://pets.example/a.jpg",
                   .alt = "a \"puppy\"",
                   .format = "jpg",
                   .width = 640,
                   .height = 480,
                   .sha256 = std::string(64, 'a')};
  page.media[1] = {.kind = MediaKind::kVideo, .format = "mp4"};
  page.parts = {Part::of_text("Cute pics of my pets!"), Part::of_media_item(0),
                Part::of_text("My puppy\nsitting in the gra\xc3\x9f."), Part::of_media_item(1)};
  return page;
}

/// The message of the Error that reading `json` throws, or "" without one.
std::string refusal(const std::string& json, const DocumentLimits& limits = {}) {
  try {
    document_from_json(json, "doc", limits);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(DocumentJson, ReadsWhatItWrites) {
  const Document page = pets();
  const std::string json = document_to_json(page);
  const ReadDocument read = document_from_json(json, "doc");
  EXPECT_EQ(document_to_json(read.document), json);
  EXPECT_EQ(read.members, (std::vector<std::string>{"0.jpg", "1.mp4"}));
  EXPECT_EQ(read.document.media[1].kind, MediaKind::kVideo);
  EXPECT_EQ(read.document.media[0].alt, "a \"puppy\"");
  EXPECT_EQ(plain_text(read.document), plain_text(page));
}

TEST(DocumentJson, LeavesOutWhatSaysNothingButNotTheFirstMediaItem) {
  const std::string json = document_to_json(pets());
  EXPECT_EQ(json.find("\"width\":0"), std::string::npos);
  EXPECT_EQ(json.find("null"), std::string::npos);
  EXPECT_NE(json.find("{\"media\":0}"), std::string::npos) << json;
}

TEST(DocumentJson, WritesWhatCanBeReadFromEmptyAndDamagedText) {
  Document page;
  page.parts = {Part::of_text(""), Part::of_text("a\xff"
                                                 "b")};
  const ReadDocument read = document_from_json(document_to_json(page), "doc");
  ASSERT_EQ(read.document.parts.size(), 1u);
  EXPECT_EQ(read.document.parts[0].text,
            "a\xef\xbf\xbd"
            "b");
}

TEST(DocumentJson, APartIsTextOrAMediaItem) {
  EXPECT_NE(refusal(R"({"version":1,"parts":[{}]})").find("both or neither"), std::string::npos);
  EXPECT_NE(
      refusal(R"({"version":1,"parts":[{"text":"a","media":0}],"media":[{"member":"0.jpg"}]})")
          .find("both or neither"),
      std::string::npos);
}

TEST(DocumentJson, RefusesWhatDoesNotFitTogether) {
  EXPECT_NE(refusal("{}").find("version 1, got 0"), std::string::npos);
  EXPECT_NE(refusal(R"({"version":2})").find("version 1, got 2"), std::string::npos);
  EXPECT_NE(refusal(R"({"version":1,"colour":"red"})").find("colour"), std::string::npos);
  EXPECT_NE(refusal(R"({"version":1,"parts":[{"media":0}]})").find("below 0, got 0"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"version":1,"media":[{"member":"0.jpg"}]})").find("a place for each"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"version":1,"parts":[{"media":0}],"media":[{"member":"jpg"}]})")
                .find("such as \"0.jpg\""),
            std::string::npos);
  EXPECT_NE(
      refusal(
          R"({"version":1,"parts":[{"media":1},{"media":0}],"media":[{"member":"0.a"},{"member":"1.a"}]})")
          .find("media item 0 next, got 1"),
      std::string::npos);
  EXPECT_NE(
      refusal(R"({"version":1,"parts":[{"media":0}],"media":[{"member":"0.jpg","width":-1}]})")
          .find("negative"),
      std::string::npos);
}

TEST(DocumentJson, LimitsHold) {
  const std::string json = document_to_json(pets());
  EXPECT_NE(refusal(json, {.max_json_bytes = 10}).find("at most 10 bytes"), std::string::npos);
  EXPECT_NE(refusal(json, {.max_parts = 3}).find("at most 3 parts, got 4"), std::string::npos);
  EXPECT_NE(refusal(json, {.max_media = 1}).find("at most 1 media, got 2"), std::string::npos);
}

TEST(DocumentJson, DamageIsAnErrorOrADocument) {
  const std::string json = document_to_json(pets());
  for (size_t size = 0; size < json.size(); ++size) EXPECT_NE(refusal(json.substr(0, size)), "");
  Rng rng(testing::seeded(1));
  for (int i = 0; i < 10'000; ++i) {
    std::string damaged = json;
    damaged[rng.below(json.size())] ^= static_cast<char>(1 + rng.below(255));
    refusal(damaged);  // another exception, or a sanitizer's report, fails the test
  }
}

}  // namespace
}  // namespace flamingo::document
