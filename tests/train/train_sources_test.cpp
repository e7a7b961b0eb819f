#include "flamingo/train/train_sources.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::train {
namespace {

SourceConfig read_source(const char* text) {
  SourceConfig source;
  config_from_json(Json::parse(text), source, "source");
  source.validate();
  return source;
}

TEST(SourceConfig, IsEitherDocumentsOrEpisodes) {
  const auto pages =
      read_source(R"({"name": "m3w", "documents": {"files": ["a"], "window": {"max_media": 3}}})");
  EXPECT_EQ(pages.documents->window.max_media, 3);
  EXPECT_EQ(pages.weight, 1);
  EXPECT_EQ(read_source(R"({"name": "e", "weight": 0.2, "episodes": {"pictures": "p"}})").weight,
            0.2);
  EXPECT_THROW(read_source(R"({"name": "both", "documents": {"files": ["a"]},
                               "episodes": {"pictures": "p"}})"),
               Error);
  EXPECT_THROW(read_source(R"({"name": "neither"})"), Error);
  EXPECT_THROW(read_source(R"({"episodes": {"pictures": "p"}})"), Error);
  EXPECT_THROW(read_source(R"({"name": "e", "weight": -1, "episodes": {"pictures": "p"}})"), Error);
  EXPECT_THROW(read_source(R"({"name": "e", "episodes": {}})"), Error);
  EXPECT_THROW(read_source(R"({"name": "none", "documents": {"files": []}})"), Error);
}

TEST(SourceConfig, ANameOfCachedViewsIsAFolders) {
  EXPECT_NO_THROW(read_source(R"({"name": "a/b", "documents": {"files": ["a"]}})"));
  EXPECT_THROW(read_source(R"({"name": "a/b", "documents": {"files": ["a"], "cached_views": 1}})"),
               Error);
}

TEST(Unvaried, ShowsEveryPictureInOneWay) {
  const auto source = read_source(
      R"({"name": "m3w", "documents": {"files": ["a"], "cached_views": 4, "batch": 3}})");
  const auto plain = unvaried(source);
  EXPECT_EQ(plain.documents->variation.flip, 0);
  EXPECT_EQ(plain.documents->variation.colour, 0);
  EXPECT_EQ(plain.documents->cached_views, 1);
  EXPECT_EQ(plain.documents->batch, 3);
}

TEST(ValidationConfig, TakesDocumentsOnly) {
  ValidationConfig config;
  config_from_json(Json::parse(R"({"sources": [{"name": "e", "episodes": {}}]})"), config, "v");
  EXPECT_THROW(config.validate(), Error);
}

}  // namespace
}  // namespace flamingo::train
