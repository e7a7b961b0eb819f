#include "flamingo/document/obelics.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::document {
namespace {

/// The published fields, with other words.
const ObelicsRow kRow{
    .texts = {{}, "My puppy.", {}},
    .images = {ObelicsPicture{.url = "https://pets.example/a.jpg"},
               {},
               ObelicsPicture{.url = "https://pets.example/b.png"}},
    .metadata = R"([{"document_url": "https://pets.example/page", "unformatted_src": "a.jpg",
        "src": "https://pets.example/a.jpg", "formatted_filename": "a", "alt_text": "a puppy",
        "original_width": 640, "original_height": 480, "format": "jpeg"}, null,
        {"document_url": "https://pets.example/page", "src": "https://pets.example/b.png",
         "original_width": 320, "original_height": 200, "format": "png"}])",
    .general_metadata = R"({"url": "https://pets.example/", "warc_filename": "x.warc.gz",
        "warc_record_offset": 1, "warc_record_length": 2})"};

TEST(Obelics, PicturesAreAddressesAtTheirPlaces) {
  const Document page = obelics_document(kRow, "x");
  EXPECT_EQ(page.url, "https://pets.example/");
  ASSERT_EQ(page.parts.size(), 3u);
  EXPECT_EQ(page.parts[0].media_item, 0);
  EXPECT_EQ(page.parts[1].text, "My puppy.");
  EXPECT_EQ(page.parts[2].media_item, 1);
  EXPECT_EQ(page.media[0].url, "https://pets.example/a.jpg");
  EXPECT_EQ(page.media[0].alt, "a puppy");
  EXPECT_EQ(page.media[0].width, 640);
  EXPECT_EQ(page.media[0].bytes, "");
  EXPECT_EQ(page.media[1].alt, "");
  EXPECT_EQ(page.media[1].height, 200);
}

TEST(Obelics, MetadataMayBeMissing) {
  ObelicsRow row = kRow;
  row.general_metadata.clear();
  EXPECT_EQ(obelics_document(row, "x").url, "https://pets.example/page");
  row.metadata.clear();
  EXPECT_EQ(obelics_document(row, "x").media.size(), 2u);
}

TEST(Obelics, PicturesMayBeFiles) {
  ObelicsRow row = kRow;
  row.images[0] = {.url = "a.jpg", .bytes = "\xFF\xD8\xFF\xE0 and so on"};
  const MediaItem picture = obelics_document(row, "x").media[0];
  EXPECT_EQ(picture.bytes, "\xFF\xD8\xFF\xE0 and so on");
  EXPECT_EQ(picture.format, "jpg");
  EXPECT_EQ(picture.url, "https://pets.example/a.jpg") << "of the metadata";
  EXPECT_EQ(picture.alt, "a puppy");
  row.metadata.clear();
  EXPECT_EQ(obelics_document(row, "x").media[0].url, "a.jpg");
  row.images[0] = {.url = std::string("BM\0\0", 4)};
  EXPECT_THROW(obelics_document(row, "x"), Error) << "no address";
}

TEST(Obelics, MarksOfANewTopicBecomeBlankLines) {
  const auto text = [](const std::string& written) {
    return obelics_document({.texts = {written}, .images = {std::nullopt}}, "x").parts[0].text;
  };
  const std::string mark = "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED";
  EXPECT_EQ(text("One.\n\n" + mark + "\n\nTwo."), "One.\n\nTwo.");
  EXPECT_EQ(text(mark + "\n\nTwo.\n\n" + mark), "Two.");
  EXPECT_EQ(text(" as it stands \n"), " as it stands \n");
  EXPECT_EQ(text("caf\xE9"), "caf\xEF\xBF\xBD");
}

TEST(Obelics, JsonLinesHaveMetadataAsJsonOrAsText) {
  Json line{{"texts", {nullptr, "My puppy."}},
            {"images", {"https://pets.example/a.jpg", nullptr}},
            {"metadata", R"([{"alt_text": "a"}, null])"},
            {"general_metadata", R"({"url": "u"})"}};
  EXPECT_EQ(obelics_document(obelics_row(line, "x"), "x").media[0].alt, "a");
  line["metadata"] = Json::parse(line["metadata"].get<std::string>());
  line["general_metadata"] = {{"url", "v"}};
  const Document page = obelics_document(obelics_row(line, "x"), "x");
  EXPECT_EQ(page.media[0].alt, "a");
  EXPECT_EQ(page.url, "v");
}

TEST(Obelics, DamageIsAnError) {
  const auto refused = [](const auto& change) {
    ObelicsRow row = kRow;
    change(row);
    EXPECT_THROW(obelics_document(row, "x"), Error);
  };
  refused([](ObelicsRow& row) { row.texts.pop_back(); });
  refused([](ObelicsRow& row) { row.texts[0] = "both"; });
  refused([](ObelicsRow& row) { row.texts[1].reset(); });
  refused([](ObelicsRow& row) { row.metadata = "[null]"; });
  refused([](ObelicsRow& row) { row.metadata = "{}"; });
  refused([](ObelicsRow& row) { row.metadata = "["; });
  refused([](ObelicsRow& row) { row.general_metadata = "{"; });
  EXPECT_THROW(obelics_row(Json{{"texts", {1}}, {"images", {"u"}}}, "x"), Error);
  EXPECT_THROW(obelics_row(Json{{"texts", "t"}, {"images", {"u"}}}, "x"), Error);
}

}  // namespace
}  // namespace flamingo::document
