#include "flamingo/corpus/signature.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/corpus/url_key.h"
#include "flamingo/io/crc.h"
#include "tests/corpus/text_testing.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::corpus {
namespace {

using testing::as_bytes;
using testing::error_of;
using testing::kEnglish;

constexpr const char* kSecond = "A second paragraph of more than just eight short words, no less.";

/// Text, a picture, text.
document::Document page() {
  document::Document document;
  document.url = "https://example.com/a";
  document.parts = {
      document::Part::of_text(kEnglish + "\n\nToo short.\n\n" + kSecond),
      document::Part::of_media_item(0),
      document::Part::of_text("  Below the picture stands one more paragraph of ten words.\n")};
  document.media.push_back({.url = "https://example.com/a.jpg"});
  return document;
}

document::Document page(const std::string& text) {
  return {.parts = {document::Part::of_text(text)}};
}

const ParagraphHasher& hasher() {
  static const ParagraphHasher instance{FingerprintConfig{}};
  return instance;
}

std::vector<Signature> two_signatures() {
  const std::vector<uint64_t> pictures = {7, 0, 9};
  return {sign_document(page(), hasher(), pictures).signature,
          sign_document(page("tiny"), hasher(), {}).signature};
}

TEST(Signature, HoldsWhatDeduplicationNeeds) {
  const std::vector<uint64_t> pictures = {7};
  const SignedDocument result = sign_document(page(), hasher(), pictures);
  const Signature& signature = result.signature;
  EXPECT_EQ(signature.url, url_key("http://example.com/a/"));
  EXPECT_EQ(signature.text, text_hash(document::plain_text(page())));
  EXPECT_EQ(signature.words, 76u + 2 + 12 + 10);
  EXPECT_EQ(signature.pictures, pictures);
  ASSERT_EQ(signature.paragraphs.size(), 3u);
  EXPECT_EQ(signature.paragraphs[0].words, 76u);
  EXPECT_EQ(signature.paragraphs[1].words, 12u);
  EXPECT_EQ(signature.paragraphs[2].words, 10u);
  EXPECT_NE(signature.paragraphs[0].keys, signature.paragraphs[1].keys);
}

TEST(Signature, PlacesAreThoseOfTheParagraphs) {
  const document::Document document = page();
  const SignedDocument result = sign_document(document, hasher(), {});
  ASSERT_EQ(result.places.size(), 3u);
  const auto text = [&](const ParagraphPlace& place) {
    return document.parts[place.part].text.substr(place.offset, place.length);
  };
  EXPECT_EQ(text(result.places[0]), kEnglish);
  EXPECT_EQ(text(result.places[1]), kSecond);
  EXPECT_EQ(result.places[2].part, 2u);
  EXPECT_TRUE(text(result.places[2]).starts_with("Below"));
}

TEST(Signature, RemovesParagraphs) {
  document::Document document = page();
  const SignedDocument result = sign_document(document, hasher(), {});
  const std::vector<uint32_t> removed = {0, 2};
  remove_paragraphs(document, result.places, removed);
  ASSERT_EQ(document.parts.size(), 2u);
  EXPECT_EQ(document.parts[0].text, std::string("Too short.\n\n") + kSecond);
  EXPECT_EQ(document.parts[1].media_item, 0);
  remove_paragraphs(document, {}, {});
  EXPECT_EQ(document.parts.size(), 2u);
}

TEST(Signature, EmptyDocuments) {
  const SignedDocument result = sign_document({}, hasher(), {});
  EXPECT_EQ(result.signature, Signature{});
  EXPECT_TRUE(result.places.empty());
}

TEST(Signature, ReadsBackWhatWasWritten) {
  const std::vector<Signature> signatures = two_signatures();
  const std::string bytes = write_signatures(signatures, {});
  EXPECT_EQ(read_signatures(as_bytes(bytes), {}, "file"), signatures);
  EXPECT_EQ(bytes.size(), 4u + 4 + 16 + 8 + 2 * 36 + 3 * (4 + 64) + 3 * 8 + 4);
  const std::string none = write_signatures({}, {});
  EXPECT_TRUE(read_signatures(as_bytes(none), {}, "file").empty());
}

TEST(Signature, OtherSettingsAreRefused) {
  const std::string bytes = write_signatures(two_signatures(), {});
  FingerprintConfig config;
  config.min_words = 9;
  const std::string error = error_of([&] { read_signatures(as_bytes(bytes), config, "shard 3"); });
  EXPECT_TRUE(error.starts_with("[shard 3] expected signatures made with this run's")) << error;
  config = {.bands = 4};
  EXPECT_THROW(write_signatures(two_signatures(), config), Error);
}

TEST(Signature, EveryDamageIsAnError) {
  const std::string file = write_signatures(two_signatures(), {});
  for (size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    EXPECT_THROW(read_signatures(as_bytes(cut), {}, "file"), Error) << size;
  }
  for (size_t i = 0; i < file.size(); ++i) {
    std::string flipped = file;
    flipped[i] ^= static_cast<char>(1 << i % 8);
    EXPECT_THROW(read_signatures(as_bytes(flipped), {}, "file"), Error) << i;
  }
  EXPECT_THROW(read_signatures(as_bytes(file + "x"), {}, "file"), Error);
}

/// The file with one byte changed and a checksum that agrees.
std::string forged(std::string file, size_t position, char value) {
  file[position] = value;
  file.resize(file.size() - 4);
  return file + testing::ByteBuilder().number(io::crc32(as_bytes(file))).str();
}

// Who forges the checksum too gets an Error or signatures, and no absurd allocation.
TEST(Signature, ForgedFilesAreSafe) {
  const std::string file = write_signatures(two_signatures(), {});
  Rng rng(testing::seeded(1));
  for (int i = 0; i < 3'000; ++i) {
    const std::string bytes =
        forged(file, rng.below(file.size() - 4), static_cast<char>(rng.below(256)));
    try {
      EXPECT_EQ(read_signatures(as_bytes(bytes), {}, "file").size(), 2u);
    } catch (const Error&) {
    }
  }
  for (const size_t count_at : {size_t{31}, size_t{32 + 31}, size_t{32 + 35}}) {
    const std::string huge = forged(file, count_at, '\x7f');
    EXPECT_THROW(read_signatures(as_bytes(huge), {}, "file"), Error) << count_at;
  }
  EXPECT_THROW(read_signatures(as_bytes(forged(file, 4, 2)), {}, "file"), Error);  // version 2
}

}  // namespace
}  // namespace flamingo::corpus
