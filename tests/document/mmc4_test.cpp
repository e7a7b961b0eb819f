#include "flamingo/document/mmc4.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/document/sample.h"
#include "flamingo/io/base64.h"

namespace flamingo::document {
namespace {

/// The published schema, version 1.1, with other words.
constexpr const char* kPublished = R"({
  "image_info": [
    {"face_detections": null, "image_name": "b9.jpg", "matched_sim": 0.27694183588027954,
     "matched_text_index": 2, "raw_url": "http://pets.example/90.jpg"},
    {"face_detections": null, "image_name": "db.jpg", "matched_sim": 0.3234919607639313,
     "matched_text_index": 1, "raw_url": "http://pets.example/91.jpg"},
    {"face_detections": null, "image_name": "cc.jpg", "matched_sim": 0.2,
     "matched_text_index": 0, "raw_url": "http://pets.example/92.jpg"}],
  "similarity_matrix": [[0.24, 0.31, 0.27], [0.22, 0.32, 0.26], [0.2, 0.1, 0.1]],
  "text_list": ["Dogs are animals.", "This one is small.", "It runs.", "It sleeps."],
  "url": "http://pets.example/dogs.html", "could_have_url_duplicate": 0})";

/// Texts and, in brackets, the address of each media item.
std::string outline(const Document& document) {
  std::string text;
  for (const Part& part : document.parts) {
    text += part.is_text() ? part.text
                           : "[" + document.media[static_cast<size_t>(part.media_item)].url + "]";
  }
  return text;
}

Document read(const Json& json, const Mmc4Rules& rules = {},
              MissingPicture missing = MissingPicture::kKeepAddress) {
  return mmc4_document(json, "x", rules, missing);
}

TEST(Mmc4, PicturesStandInFrontOfTheirSentences) {
  const Document page = read(Json::parse(kPublished));
  EXPECT_EQ(page.url, "http://pets.example/dogs.html");
  EXPECT_EQ(outline(page),
            "Dogs are animals."
            "[http://pets.example/91.jpg]This one is small."
            "[http://pets.example/90.jpg]It runs. It sleeps.");
  for (size_t i = 0; i < page.media.size(); ++i) EXPECT_EQ(page.media[i].bytes, "");
}

TEST(Mmc4, RulesChooseThePictures) {
  const Json json = Json::parse(kPublished);
  EXPECT_EQ(read(json, {.min_similarity = 0.2}).media.size(), 3u);
  EXPECT_EQ(outline(read(json, {.min_similarity = 0.3})),
            "Dogs are animals.[http://pets.example/91.jpg]This one is small. It runs. It sleeps.");
  // the first of the list, not of the text
  EXPECT_EQ(read(json, {.max_pictures = 1}).media.at(0).url, "http://pets.example/90.jpg");
  EXPECT_THROW(read(json, {.min_similarity = 0.9}), Error);
  EXPECT_THROW(read(json, {}, MissingPicture::kDrop), Error);  // nothing was fetched
}

TEST(Mmc4, ReadsTheFilesOfOpenFlamingosShards) {
  Json json = Json::parse(kPublished);
  const std::string jpeg = "\xFF\xD8\xFF" + std::string(11'000, 'x');
  json["image_info"][0]["image_base64"] = io::base64_encode(jpeg);
  json["image_info"][1]["image_base64"] = io::base64_encode(jpeg.substr(0, 10'999));
  const std::string text = json.dump();
  const Document page = read_sample({"0.tar: ab", {{"json", text}}});
  ASSERT_EQ(page.media.size(), 1u);
  EXPECT_EQ(page.media[0].bytes, jpeg);
  EXPECT_EQ(page.media[0].format, "jpg");
  EXPECT_EQ(read_sample({"0.tar: ab", {{"json", text}}}, {.min_bytes = 1}).media.size(), 2u);
  json["image_info"][0]["image_base64"] = "b'" + io::base64_encode(jpeg) + "'";  // str() of bytes
  EXPECT_EQ(read(json, {}, MissingPicture::kDrop).media[0].bytes, jpeg);
}

TEST(Mmc4, TwoPicturesOfOneSentenceKeepTheirOrder) {
  Json json = Json::parse(kPublished);
  json["image_info"][1]["matched_text_index"] = 2;
  EXPECT_EQ(outline(read(json)),
            "Dogs are animals. This one is small."
            "[http://pets.example/90.jpg][http://pets.example/91.jpg]It runs. It sleeps.");
}

TEST(Mmc4, DamageIsAnError) {
  const auto without = [](const auto& change) {
    Json json = Json::parse(kPublished);
    change(json);
    EXPECT_THROW(read(json), Error) << json.dump();
  };
  without([](Json& json) { json.erase("text_list"); });
  without([](Json& json) { json["text_list"][1] = 3; });
  without([](Json& json) { json.erase("image_info"); });
  without([](Json& json) { json["image_info"][0] = 3; });
  without([](Json& json) { json["image_info"][0]["matched_text_index"] = 4; });
  without([](Json& json) { json["image_info"][0]["matched_text_index"] = -1; });
  without([](Json& json) { json["image_info"][0].erase("matched_text_index"); });
  without([](Json& json) { json["image_info"][0]["image_base64"] = "?"; });
}

}  // namespace
}  // namespace flamingo::document
