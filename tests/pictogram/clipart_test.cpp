#include "flamingo/pictogram/clipart.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictogram/tiny_packages.h"

namespace flamingo::pictogram {
namespace {

using testing::clipart_svg;
using testing::TemporaryFolder;

TEST(ClipartName, IsTheTitleThatTheFileIsNamedAfter) {
  EXPECT_EQ(clipart_name("Red Apple", "red_apple_jon_doe_01.svg"), "red apple");
  EXPECT_EQ(clipart_name("mouth - body part", "mouth_-_body_part_01.svg"), "mouth");
  EXPECT_EQ(clipart_name("Dog Drawn with straight lines", "dog_drawn_with_01.svg"), "dog");
  EXPECT_EQ(clipart_name("Ice Cream (1 scoop)", "ice_cream.svg"), "ice cream");
  EXPECT_EQ(clipart_name("A Cat", "cat.svg"), "cat");
}

TEST(ClipartName, IsTheFilesWhereTheTitleIsTheCollections) {
  EXPECT_EQ(clipart_name("Clipart by N. B. - cloud", "cloud_2.svg"), "cloud");
  EXPECT_EQ(clipart_name("Lemon SVG theme", "home6.svg"), "home");
  EXPECT_EQ(clipart_name("piggybank", "lightsabers.svg"), "lightsabers");
  EXPECT_EQ(clipart_name("", "blue-whale_md.svg"), "blue whale");
  EXPECT_EQ(clipart_name("", "07_b.svg"), "");
  EXPECT_EQ(clipart_name("", "one_two_three_four_five_six_seven.svg"), "");
}

TEST(ListClipart, ReadsTitlesAndKeywordsOfWhatShowsAThing) {
  const TemporaryFolder folder;
  const auto write = [&folder](const std::string& name, const std::string& svg) {
    make_folder(std::filesystem::path(folder.file(name)).parent_path().string());
    write_file_atomic(folder.file(name), svg);
  };
  write("a/food/red_apple_01.svg", clipart_svg("Red Apple", {"fruit", "hash(0x12)", "red apple"}));
  write("a/animals/birds/owl.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
  write("a/animals/rat_architetto_01.svg", clipart_svg("topo", {}));
  write("a/computer/icons/flat/open.svg", clipart_svg("open", {}));
  write("a/geography/map.svg", clipart_svg("map", {}));
  write("a/geography/astronomy/moon.svg", clipart_svg("moon", {}));
  write("a/food/readme.txt", "no drawing");
  const auto drawings = list_clipart(folder.file("a"));
  ASSERT_EQ(drawings.size(), 3u);
  EXPECT_EQ(drawings[0].name, "owl");
  EXPECT_EQ(drawings[0].group, "animals/birds");
  EXPECT_EQ(drawings[1].name, "red apple");
  EXPECT_EQ(drawings[1].tags, (std::vector<std::string>{"fruit"}));
  EXPECT_EQ(drawings[2].name, "moon");
}

TEST(ListClipart, RefusesAFolderWithoutDrawings) {
  const TemporaryFolder folder;
  EXPECT_THROW(list_clipart(folder.file("nowhere")), Error);
  make_folder(folder.file("empty"));
  EXPECT_THROW(list_clipart(folder.file("empty")), Error);
}

}  // namespace
}  // namespace flamingo::pictogram
