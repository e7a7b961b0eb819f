#include "flamingo/pictogram/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/core/temporary_folder.h"
#include "tests/pictogram/tiny_packages.h"

namespace flamingo::pictogram {
namespace {

using testing::TemporaryFolder;
using testing::tiny_packages;

std::map<std::string, pictures::PictureClass> by_name(const Catalog& catalog) {
  std::map<std::string, pictures::PictureClass> concepts;
  for (const auto& pictogram : catalog.table.classes) concepts[pictogram.name] = pictogram;
  return concepts;
}

TEST(ListPictograms, LeavesOutTonesLeaksAndOtherFlags) {
  const TemporaryFolder folder;
  const Catalog catalog = list_pictograms(tiny_packages(folder));
  const auto concepts = by_name(catalog);
  EXPECT_EQ(catalog.table.classes.size(), 6u);
  EXPECT_EQ(concepts.size(), 6u);  // one apple only
  EXPECT_FALSE(concepts.contains("hand: light"));
  EXPECT_FALSE(concepts.contains("black flag"));
  EXPECT_EQ(concepts.at("red apple").key, "1F34E");
  EXPECT_EQ(concepts.at("red apple").group, "food-fruit");
  EXPECT_EQ(concepts.at("Germany").key, "1F1E9-1F1EA");
  EXPECT_FALSE(concepts.at("left key").mirrorable);
  EXPECT_TRUE(concepts.at("camera").mirrorable);
  EXPECT_EQ(concepts.at("camera").tags, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(ListPictograms, JoinsDrawingsByCodePoints) {
  const TemporaryFolder folder;
  const Sources sources = tiny_packages(folder);
  const Catalog catalog = list_pictograms(sources);
  ASSERT_EQ(catalog.files.size(), catalog.table.pictures.size());
  std::map<std::string, std::set<std::string>> files;
  for (size_t i = 0; i < catalog.files.size(); ++i) {
    const auto index = static_cast<size_t>(catalog.table.pictures[i].class_index);
    files[catalog.table.classes[index].name].insert(catalog.files[i]);
  }
  EXPECT_EQ(files["left key"],
            (std::set<std::string>{sources.openmoji + "/color/svg/1F511-FE0F.svg",
                                   sources.openmoji + "/black/svg/1F511-FE0F.svg",
                                   sources.twitter + "/img/twitter/64/1f511.png"}));
  EXPECT_EQ(files["Germany"],
            (std::set<std::string>{sources.flags + "/flags/4x3/de.svg",
                                   sources.openmoji + "/color/svg/1F1E9-1F1EA.svg",
                                   sources.twitter + "/img/twitter/64/1f1e9-1f1ea.png"}));
}

TEST(ListPictograms, HoldsOutTwitterDrawingsOfTrainingConcepts) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  const auto count = [&sources](std::string_view style, std::string_view split) {
    return std::ranges::count_if(list_pictograms(sources).table.pictures, [&](const auto& drawing) {
      return drawing.style == style && drawing.split == split;
    });
  };
  sources.held_out = 0;
  EXPECT_EQ(count("twitter", "train"), 3);
  sources.held_out = 0.4;  // of 3
  EXPECT_EQ(count("twitter", "train"), 2);
  sources.held_out = 1;
  EXPECT_EQ(count("twitter", "train"), 0);
  EXPECT_EQ(count("twitter", "style"), 2);  // not the man's form
  EXPECT_EQ(count("openmoji", "train"), 4);
  EXPECT_EQ(count("openmoji-fill", "train"), 4);
  EXPECT_EQ(count("openmoji-fill", "unseen"), 0);  // shots are of other styles
}

TEST(ListPictograms, KeepsFamiliesOfThingsOutOfTraining) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  sources.unseen = 1;  // of animals, food, places, activities and objects, but not of people
  const Catalog catalog = list_pictograms(sources);
  std::map<std::string, std::set<std::string>> splits;
  for (const auto& drawing : catalog.table.pictures)
    splits[catalog.table.classes[static_cast<size_t>(drawing.class_index)].name].insert(
        drawing.split);
  EXPECT_EQ(splits.at("camera"), std::set<std::string>{"unseen"});
  EXPECT_EQ(splits.at("red apple"), std::set<std::string>{"unseen"});
  EXPECT_FALSE(splits.at("cook").contains("unseen"));
}

TEST(ListPictograms, JoinsClipartByNameAndLeavesOutWhatWouldLeak) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  sources.clipart = folder.file("clipart");
  make_folder(folder.file("clipart/things"));
  for (const char* name : {"camera", "red apple", "kettle", "apple pie", "Germany"})
    write_file_atomic(folder.file("clipart/things/" + std::string(name) + ".svg"),
                      testing::clipart_svg(name, {"word"}));
  write_file_atomic(folder.file("clipart/things/basket.svg"),
                    testing::clipart_svg("basket", {"apples"}));
  const Catalog catalog = list_pictograms(sources);
  std::map<std::string, std::string> splits;
  for (const auto& drawing : catalog.table.pictures) {
    if (drawing.style == kClipart)
      splits[catalog.table.classes[static_cast<size_t>(drawing.class_index)].key] = drawing.split;
  }
  EXPECT_EQ(splits, (std::map<std::string, std::string>{
                        {"1F4F7", "train"}, {"1F34E", "unseen"}, {"clipart kettle", "train"}}));
  EXPECT_TRUE(
      std::ranges::is_sorted(catalog.table.pictures, {}, &pictures::LabelledPicture::class_index));
}

TEST(ListPictograms, TakesTwitterDrawingsOfAnySize) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  sources.twemoji = folder.file("w");
  EXPECT_THROW(list_pictograms(sources), Error);
  make_folder(folder.file("w/dist/svg"));
  write_file_atomic(folder.file("w/dist/svg/1f511.svg"), "<svg/>");
  const Catalog catalog = list_pictograms(sources);
  EXPECT_EQ(std::ranges::count_if(catalog.table.pictures,
                                  [](const auto& drawing) { return drawing.style == kTwitter; }),
            1);
  EXPECT_EQ(std::ranges::count(catalog.files, folder.file("w/dist/svg/1f511.svg")), 1);
}

TEST(ListPictograms, RefusesWhatIsNotThePackage) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  sources.held_out = 2;
  EXPECT_THROW(list_pictograms(sources), Error);
  sources.held_out = 0.4;
  write_file_atomic(folder.file("t/emoji.json"),
                    Json{testing::twitter_entry("1F4F7", "../../secret.png")}.dump());
  EXPECT_THROW(list_pictograms(sources), Error);
  write_file_atomic(folder.file("t/emoji.json"), "[1, 2]");
  EXPECT_THROW(list_pictograms(sources), Error);
  write_file_atomic(folder.file("t/emoji.json"), "{}");
  EXPECT_THROW(list_pictograms(sources), Error);
  std::filesystem::remove(folder.file("t/emoji.json"));
  EXPECT_THROW(list_pictograms(sources), Error);
}

TEST(IsMirrorable, LooksAtWholeWords) {
  EXPECT_TRUE(is_mirrorable({.name = "bright sun"}));
  EXPECT_FALSE(is_mirrorable({.name = "hand pointing right"}));
  EXPECT_FALSE(is_mirrorable({.name = "sun", .tags = {"turn clockwise"}}));
  EXPECT_FALSE(is_mirrorable({.name = "plus", .group = "math"}));
  EXPECT_TRUE(is_mirrorable({.name = "", .tags = {""}}));
}

}  // namespace
}  // namespace flamingo::pictogram
