#include "flamingo/pictogram/builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/media/image.h"
#include "flamingo/pictures/open_pictures.h"
#include "flamingo/pictures/packed_pictures.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictogram/tiny_packages.h"

namespace flamingo::pictogram {
namespace {

using testing::TemporaryFolder;
using testing::tiny_packages;

/// A bar of lines at the top, over the whole width.
constexpr const char* kLines = "<g id='line'><rect x='0' y='2' width='72' height='2'/></g></svg>";

/// Draws every listed file: SVGs are a red square under a bar of lines, PNGs are 64 x 64 green, or
/// damaged.
void draw_files(const Sources& sources, const std::string& damaged) {
  const std::string svg =
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 72 72'>"
      "<rect x='9' y='9' width='54' height='54' fill='#f00'/>" +
      std::string(kLines);
  media::Image image{.height = 64, .width = 64, .mode = media::PixelMode::kRgb};
  for (int i = 0; i < 64 * 64; ++i) image.pixels.insert(image.pixels.end(), {0, 255, 0});
  const std::string png = media::encode_png(image);
  for (const std::string& file : list_pictograms(sources).files) {
    const bool bad = !damaged.empty() && file.ends_with(damaged);
    write_file_atomic(file, bad ? "damaged" : file.ends_with(".svg") ? svg : png);
  }
}

TEST(BuildPictograms, RendersEverythingIntoOneFile) {
  const TemporaryFolder folder;
  const Sources sources = tiny_packages(folder);
  draw_files(sources, "");
  int64_t last = 0;
  const Counts counts = build_pictograms(sources, folder.file("set.safetensors"),
                                         [&last](int64_t done, int64_t) { last = done; });
  EXPECT_EQ(counts.classes, 6);
  EXPECT_EQ(counts.skipped, 0);
  EXPECT_EQ(counts.drawings, last);
  EXPECT_EQ(counts.unseen, 1);
  EXPECT_EQ(counts.flags, 1);
  const pictures::LabelledPictures set = pictures::open_packed(folder.file("set.safetensors"));
  const auto colour = set.image(*set.find_picture(0, "openmoji")).pixels;
  const size_t centre = (40 * kSide + 40) * 4;
  EXPECT_EQ(colour[3], 0);
  EXPECT_EQ(colour[centre], 255);
  EXPECT_EQ(colour[centre + 3], 255);
  const auto twitter = set.image(*set.find_picture(0, "twitter")).pixels;
  EXPECT_EQ(twitter[(7 * kSide + 40) * 4 + 3], 0);  // a margin of 8 pixels
  EXPECT_EQ(twitter[(8 * kSide + 8) * 4 + 1], 255);
}

TEST(BuildPictograms, FillsAreColourDrawingsWithoutTheirLines) {
  const TemporaryFolder folder;
  const Sources sources = tiny_packages(folder);
  draw_files(sources, "");
  const std::string lines_only =
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 72 72'>" + std::string(kLines);
  write_file_atomic(sources.openmoji + "/color/svg/1F511-FE0F.svg", lines_only);
  const Counts counts = build_pictograms(sources, folder.file("set.safetensors"));
  EXPECT_EQ(counts.skipped, 1);
  const pictures::LabelledPictures set = pictures::open_packed(folder.file("set.safetensors"));
  const auto alpha = [&set](const char* style, size_t row) {
    return set.image(*set.find_picture(0, style)).pixels[(row * kSide + 40) * 4 + 3];
  };
  EXPECT_EQ(alpha("openmoji", 3), 255);
  EXPECT_EQ(alpha("openmoji", 40), 255);
  EXPECT_EQ(alpha("openmoji-fill", 3), 0);
  EXPECT_EQ(alpha("openmoji-fill", 40), 255);
  EXPECT_EQ(set.classes()[1].name, "left key");
  EXPECT_NE(set.find_picture(1, "openmoji"), std::nullopt);
  EXPECT_EQ(set.find_picture(1, "openmoji-fill"), std::nullopt);
}

TEST(BuildPictograms, EqualInputGivesAnEqualFile) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  draw_files(sources, "");
  build_pictograms(sources, folder.file("a.safetensors"));
  sources.threads = 1;
  build_pictograms(sources, folder.file("b.safetensors"));
  EXPECT_EQ(read_file(folder.file("a.safetensors"), 1 << 24),
            read_file(folder.file("b.safetensors"), 1 << 24));
}

TEST(BuildPictograms, CountsAndLeavesOutDamagedDrawings) {
  const TemporaryFolder folder;
  const Sources sources = tiny_packages(folder);
  draw_files(sources, "1F4F7.svg");  // all three of the camera's; its Twitter drawing stays
  const Counts counts = build_pictograms(sources, folder.file("set.safetensors"));
  EXPECT_EQ(counts.skipped, 3);
  EXPECT_EQ(counts.classes, 6);
  const pictures::LabelledPictures set = pictures::open_packed(folder.file("set.safetensors"));
  EXPECT_EQ(set.find_picture(0, "openmoji"), std::nullopt);
  EXPECT_EQ(set.classes()[0].name, "camera");
}

TEST(BuildPictograms, WritesShardsOfAnySide) {
  const TemporaryFolder folder;
  Sources sources = tiny_packages(folder);
  draw_files(sources, "1F4F7.svg");
  sources.clipart = folder.file("clipart");
  sources.side = 50;
  make_folder(folder.file("clipart/things"));
  write_file_atomic(folder.file("clipart/things/kettle.svg"), testing::clipart_svg("kettle", {}));
  make_folder(folder.file("set"));
  write_file_atomic(folder.file("set/drawings-000001.tar"), "of a larger set");
  const Counts counts = build_pictograms(sources, folder.file("set"));
  EXPECT_EQ(counts.skipped, 3);
  EXPECT_FALSE(std::filesystem::exists(folder.file("set/drawings-000001.tar")));
  const pictures::LabelledPictures set = pictures::open_pictures(folder.file("set"));
  EXPECT_EQ(std::ssize(set.pictures()), counts.drawings);
  const auto kettle = std::ranges::find(set.classes(), "kettle", &pictures::PictureClass::name) -
                      set.classes().begin();
  const media::Image image = set.image(*set.find_picture(kettle, kClipart));
  const auto alpha = [&image](size_t row, size_t column) {
    return image.pixels[(row * 50 + column) * 4 + 3];
  };
  EXPECT_EQ(image.width, 50);
  EXPECT_EQ(alpha(25, 7), 255) << "cropped to what is drawn: 40 pixels wide, 20 high";
  EXPECT_EQ(alpha(25, 2), 0);
  EXPECT_EQ(alpha(10, 25), 0);
}

TEST(BuildPictograms, WritesNothingWithoutPictures) {
  const TemporaryFolder folder;
  const Sources sources = tiny_packages(folder);
  EXPECT_THROW(build_pictograms(sources, folder.file("set.safetensors")), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.file("set.safetensors")));
}

TEST(BuildPictograms, StopsWhenProgressThrows) {
  const TemporaryFolder folder;
  const Sources sources = tiny_packages(folder);
  draw_files(sources, "");
  EXPECT_THROW(build_pictograms(sources, folder.file("set.safetensors"),
                                [](int64_t, int64_t) { fail("test", "stopped"); }),
               Error);
  EXPECT_FALSE(std::filesystem::exists(folder.file("set.safetensors")));
}

}  // namespace
}  // namespace flamingo::pictogram
