#include "flamingo/document/sample.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/document/document_json.h"
#include "flamingo/io/sha256.h"
#include "tests/io/byte_builder.h"

namespace flamingo::document {
namespace {

using testing::error_of;

/// A page of a picture and a clip as a shard holds it.
struct PageSample {
  Document page;
  std::string json;
  Sample sample{.where = "a.tar: 7"};

  explicit PageSample(std::string caption = "My puppy.") {
    page.media = {{.format = "jpg"}, {.kind = MediaKind::kVideo, .format = "mp4"}};
    page.parts = {Part::of_media_item(0), Part::of_text(std::move(caption)),
                  Part::of_media_item(1)};
  }
  const Sample& packed() {
    json = document_to_json(page);
    sample.files = {{"1.mp4", "clip"}, {"json", json}, {"0.jpg", "picture"}};
    return sample;
  }
};

TEST(Sample, FindsAFileByItsWholeExtension) {
  const Sample sample{"x", {{"json", "{}"}, {"0.jpg", "a"}, {"10.jpg", "b"}}};
  ASSERT_NE(sample.find("10.jpg"), nullptr);
  EXPECT_EQ(*sample.find("10.jpg"), "b");
  EXPECT_EQ(sample.find("jpg"), nullptr);
  EXPECT_EQ(sample.find("0.JPG"), nullptr);
}

TEST(ReadSample, OurOwnTakesItsMediaByName) {
  PageSample page;
  const Document read = read_sample(page.packed());
  ASSERT_EQ(read.media.size(), 2u);
  EXPECT_EQ(read.media[0].bytes, "picture");
  EXPECT_EQ(read.media[1].bytes, "clip");
  EXPECT_EQ(read.media[1].kind, MediaKind::kVideo);
  EXPECT_EQ(read.parts.at(1).text, "My puppy.");
}

TEST(ReadSample, AFieldOfAnotherKindAsTextMakesNoSampleOfThatKind) {
  PageSample page("text_list");
  EXPECT_EQ(read_sample(page.packed()).parts.at(1).text, "text_list");
  page.page.parts[1].text = "status";
  EXPECT_EQ(read_sample(page.packed()).parts.at(1).text, "status");
}

TEST(ReadSample, ComparesTheSha256ThatTheDocumentStates) {
  PageSample page;
  page.page.media[0].sha256 = io::sha256_hex("picture");
  EXPECT_EQ(read_sample(page.packed()).media[0].bytes, "picture");
  page.page.media[0].sha256 = io::sha256_hex("another");
  const std::string message = error_of([&] { read_sample(page.packed()); });
  EXPECT_NE(message.find("[a.tar: 7] expected 0.jpg with the SHA-256"), std::string::npos)
      << message;
  EXPECT_NE(message.find(io::sha256_hex("another")), std::string::npos) << message;
  EXPECT_NE(message.find("got " + io::sha256_hex("picture")), std::string::npos) << message;
}

TEST(ReadSample, AMissingFileIsNamedBesideThoseThatAreThere) {
  PageSample page;
  page.packed();
  page.sample.files.pop_back();
  const std::string message = error_of([&] { read_sample(page.sample); });
  EXPECT_NE(message.find("[a.tar: 7] expected a member \"0.jpg\", got 1.mp4, json"),
            std::string::npos)
      << message;
}

TEST(ReadSample, AnotherKindIsNamedByItsFiles) {
  for (const auto& files : {std::vector<Sample::File>{{"html", "x"}, {"css", "y"}},
                            std::vector<Sample::File>{{"html", "x"}, {"json", R"({"a": 1})"}}}) {
    const std::string message = error_of([&] { read_sample({"a.tar: 7", files}); });
    EXPECT_NE(message.find("[a.tar: 7] expected a sample of a known kind, got files html, " +
                           files[1].extension),
              std::string::npos)
        << message;
  }
}

TEST(ReadSample, ADamagedTextIsAnError) {
  PageSample page;
  page.packed();
  for (const std::string_view json : {R"({"parts": )", R"({"parts": 1})"}) {
    page.sample.files[1].bytes = json;
    const std::string message = error_of([&] { read_sample(page.sample); });
    EXPECT_NE(message.find("a.tar: 7"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace flamingo::document
