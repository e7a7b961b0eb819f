#include "flamingo/pictures/labelled_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/safetensors.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::pictures {
namespace {

using testing::TemporaryFolder;
using testing::tiny_pictures;

TEST(LabelledPictures, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  const LabelledPictures set = tiny_pictures(folder, 4, 2);
  ASSERT_EQ(set.classes().size(), 6u);
  ASSERT_EQ(set.pictures().size(), 14u);
  EXPECT_EQ(set.classes()[3].name, "thing3");
  EXPECT_EQ(set.classes()[3].tags, (std::vector<std::string>{"tag3a", "tag3b"}));
  EXPECT_EQ(set.picture(13).split, "unseen");
  const auto expected = testing::square_drawing({16, 239, 64}, 20);
  const auto outline = set.find_picture(1, "openmoji-black");
  ASSERT_TRUE(outline.has_value());
  EXPECT_EQ(set.image(*outline).pixels, expected.pixels);
  EXPECT_TRUE(set.picture(*outline).line_art);
  EXPECT_EQ(set.class_of(*outline).name, "thing1");
}

TEST(LabelledPictures, SplitsKeepHeldOutDrawingsApart) {
  const TemporaryFolder folder;
  const LabelledPictures set = tiny_pictures(folder, 4, 2);
  EXPECT_EQ(set.classes_in("train"), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(set.classes_in("unseen"), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(set.pictures_in("style"), (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(set.pictures_of(0, "train"), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(set.pictures_of(0, "style"), (std::vector<int64_t>{2}));
  EXPECT_EQ(set.pictures_of(0, "train", {"openmoji"}), (std::vector<int64_t>{0}));
  EXPECT_EQ(set.splits_text(), "style 2, train 8, unseen 4");
  EXPECT_EQ(set.find_picture(1, "twitter"), std::nullopt);
}

TEST(LabelledPictures, RefusesOtherFiles) {
  const TemporaryFolder folder;
  const std::string path = folder.file("other.safetensors");
  io::write_safetensors(path, {});
  EXPECT_THROW(open_packed(path), Error);
  EXPECT_THROW(open_packed(folder.file("missing")), Error);
  EXPECT_THROW(open_packed(folder.file("")), Error);
}

TEST(LabelledPictures, RefusesEveryPrefix) {
  const TemporaryFolder folder;
  tiny_pictures(folder, 2, 0);
  const std::string bytes = read_file(folder.file("tiny.safetensors"), 1 << 20);
  const auto view = std::as_bytes(std::span(bytes));
  for (size_t size = 0; size < bytes.size(); size += size < 3000 ? 37 : 4001) {
    EXPECT_THROW(parse_packed(view.first(size), "prefix"), Error) << size;
  }
  EXPECT_NO_THROW(parse_packed(view, "whole"));
}

TEST(LabelledPictures, RefusesIndicesAndSizesThatDoNotFit) {
  const TemporaryFolder folder;
  const std::vector<uint8_t> pixels(4 * 2 * 2, 0);
  const std::string path = folder.file("bad.safetensors");
  EXPECT_THROW(write_packed(path, {{{.name = "a"}}, {{.class_index = 1}}}, 2, pixels), Error);
  EXPECT_THROW(write_packed(path, {{{.name = "a"}}, {}}, 2, pixels), Error);
  EXPECT_THROW(write_packed(path, {{{.name = "a"}}, {{}}}, 0, pixels), Error);
  EXPECT_FALSE(std::filesystem::exists(path));
  const LabelledPictures set = tiny_pictures(folder, 2, 0);
  EXPECT_THROW(set.image(-1), Error);
  EXPECT_THROW(set.image(std::ssize(set.pictures())), Error);
}

}  // namespace
}  // namespace flamingo::pictures
