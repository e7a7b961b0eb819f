#include "flamingo/document/sample_pair.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/document/unusable.h"
#include "tests/io/byte_builder.h"

namespace flamingo::document {
namespace {

using testing::error_of;

/// What img2dataset 1.47 writes beside a picture.
constexpr std::string_view kJson =
    R"({"url": "https://pets.example/a.jpg", "caption": "A puppy on grass", "key": "000000012",
        "status": "success", "error_message": null, "width": 256, "height": 192,
        "original_width": 640, "original_height": 480, "exif": "{}", "sha256": "0123"})";

Sample sample(std::vector<Sample::File> files) { return {"00000.tar: 12", std::move(files)}; }

TEST(SamplePair, APictureThenItsCaption) {
  const Document pair =
      read_sample(sample({{"jpeg", "\xFF\xD8"}, {"txt", " A puppy\n"}, {"json", kJson}}));
  ASSERT_EQ(pair.media.size(), 1u);
  EXPECT_EQ(pair.media[0].kind, MediaKind::kImage);
  EXPECT_EQ(pair.media[0].format, "jpg");
  EXPECT_EQ(pair.media[0].bytes, "\xFF\xD8");
  EXPECT_EQ(pair.media[0].width, 256);
  EXPECT_EQ(pair.media[0].height, 192);
  EXPECT_EQ(pair.media[0].sha256, "");  // of another file: the one before it was resized
  EXPECT_EQ(pair.url, "https://pets.example/a.jpg");
  ASSERT_EQ(pair.parts.size(), 2u);
  EXPECT_EQ(pair.parts[0].media_item, 0);
  EXPECT_EQ(pair.parts[1].text, "A puppy");
}

TEST(SamplePair, TheCaptionMayStandInTheJson) {
  EXPECT_EQ(read_sample(sample({{"png", "p"}, {"json", kJson}})).parts[1].text, "A puppy on grass");
  EXPECT_EQ(read_sample(sample({{"webp", "p"}, {"txt", "caption"}})).parts[1].text, "caption");
  // a caption that looks like a field of another kind of sample
  const char* parts = R"({"caption": "parts", "title": "text_list"})";
  EXPECT_EQ(read_sample(sample({{"jpg", "p"}, {"json", parts}})).parts[1].text, "parts");
}

TEST(SamplePair, AClip) {
  for (const char* extension : {"mp4", "webm", "mkv", "avi", "mov"}) {
    const Document clip = read_sample(sample({{extension, "v"}, {"txt", "A puppy runs"}}));
    EXPECT_EQ(clip.media[0].kind, MediaKind::kVideo);
    EXPECT_EQ(clip.media[0].format, extension);
  }
}

TEST(SamplePair, JsonOfPython) {
  const Document pair = read_sample(sample(
      {{"jpg", "p"}, {"json", R"({"caption": "A puppy", "similarity": NaN, "width": Infinity})"}}));
  EXPECT_EQ(pair.parts[1].text, "A puppy");
  EXPECT_EQ(pair.media[0].width, 0);
  EXPECT_EQ(read_sample(sample({{"jpg", "p"},
                                {"txt",
                                 "\xEF\xBB\xBF"
                                 "A puppy"}}))
                .parts[1]
                .text,
            "A puppy");
}

TEST(SamplePair, WhatWasNotFetchedIsUnusable) {
  const char* failed = R"({"caption": "x", "status": "failed_to_download"})";
  EXPECT_THROW(read_sample(sample({{"json", failed}, {"txt", "x"}})), UnusableDocument);
  EXPECT_THROW(read_sample(sample({{"jpg", "p"}, {"json", failed}})), UnusableDocument);
  EXPECT_THROW(read_sample(sample({{"jpg", "p"}, {"txt", " "}})), UnusableDocument);
}

TEST(SamplePair, FailedSamplesAreErrors) {
  const char* failed =
      R"({"caption": "x", "status": "failed_to_download", "error_message": "404"})";
  const std::string message = error_of([&] {
    read_sample(sample({{"jpg", "p"}, {"json", failed}}));
  });
  EXPECT_NE(message.find("[00000.tar: 12]"), std::string::npos) << message;
  EXPECT_NE(message.find("404"), std::string::npos) << message;
  EXPECT_THROW(read_sample(sample({{"jpg", "p"}})), Error);
  EXPECT_THROW(read_sample(sample({{"jpg", "p"}, {"txt", " \n"}, {"json", kJson}})), Error);
  EXPECT_THROW(read_sample(sample({{"jpg", ""}, {"txt", "x"}})), Error);
  EXPECT_THROW(read_sample(sample({{"jpg", "p"}, {"png", "p"}, {"txt", "x"}})), Error);
  EXPECT_THROW(read_sample(sample({{"jpg", "p"}, {"txt", "x"}, {"json", "{"}})), Error);
  EXPECT_THROW(read_sample(sample({{"txt", "x"}, {"json", kJson}})), Error);
}

}  // namespace
}  // namespace flamingo::document
