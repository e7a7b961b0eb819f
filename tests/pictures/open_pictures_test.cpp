#include "flamingo/pictures/open_pictures.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/tar.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::pictures {
namespace {

namespace fs = std::filesystem;

/// A picture of one grey level, `width` pixels wide.
std::string png(uint8_t level, int64_t width = 6) {
  media::Image image{.height = 4, .width = width};
  image.pixels.assign(static_cast<size_t>(4 * width * 3), level);
  return media::encode_png(image);
}

class OpenPicturesTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) const {
    const std::string path = folder_.file(name);
    make_folder(fs::path(path).parent_path().string());
    write_file_atomic(path, bytes);
  }
  void write_tar(const std::string& name,
                 const std::vector<std::pair<std::string, std::string>>& members) const {
    const std::string path = folder_.file(name);
    make_folder(fs::path(path).parent_path().string());
    io::TarWriter tar(path);
    for (const auto& [member, bytes] : members) tar.add(member, bytes);
    tar.finish();
  }
  LabelledPictures open(const std::string& name = "set") const {
    return open_pictures(folder_.file(name));
  }
  std::string error_of(const std::string& name) const {
    try {
      open(name);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
  testing::TemporaryFolder folder_;
};

TEST_F(OpenPicturesTest, AFolderOfClassFoldersNamesThemByTheirFolders) {
  write("set/golden_retriever/b.png", png(10));
  write("set/golden_retriever/a.png", png(20));
  write("set/golden_retriever/notes.txt", "no picture");
  write("set/cat/x.PNG", png(30));
  write("set/.hidden/x.png", png(40));
  const LabelledPictures set = open();
  ASSERT_EQ(set.classes().size(), 2u);
  EXPECT_EQ(set.classes()[1].name, "golden retriever");
  ASSERT_EQ(set.pictures().size(), 3u);
  EXPECT_EQ(set.pictures_of(1, "train"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(set.image(1).pixels[0], 20);  // a.png comes first
  EXPECT_EQ(set.image(0).mode, media::PixelMode::kRgb);
  EXPECT_NE(set.name(2).find("b.png"), std::string::npos);
}

TEST_F(OpenPicturesTest, NothingIsLeftOutSilently) {
  write("set/train/cat/a.png", png(10));
  write("set/dog/a.png", png(20));
  EXPECT_NE(error_of("set").find("got dog beside train"), std::string::npos) << error_of("set");
  write("named/\xff\xfe/a.png", png(10));
  EXPECT_NE(error_of("named").find("expected labels in UTF-8"), std::string::npos);
  write("a.png", png(1));
  write("list.csv", "file,name,mirrorable\na.png,cat,perhaps\n");
  EXPECT_NE(error_of("list.csv").find("expected true or false"), std::string::npos);
  write("list.csv", "file,name,mirrorable\na.png,cat,False\n");
  EXPECT_FALSE(open("list.csv").classes()[0].mirrorable);
}

TEST_F(OpenPicturesTest, FoldersOfSplitsMaySurroundClassFolders) {
  write("set/train/cat/1.png", png(1));
  write("set/test/cat/2.png", png(2));
  write("set/test/dog/3.png", png(3));
  const LabelledPictures set = open();
  EXPECT_EQ(set.splits_text(), "test 2, train 1");
  EXPECT_EQ(set.classes_in("train").size(), 1u);
  EXPECT_EQ(set.classes_in("test").size(), 2u);
}

TEST_F(OpenPicturesTest, ListsSayWhatFilesAreCalled) {
  write("set/p/1.png", png(1));
  write("set/p/2.png", png(2));
  write("set/list.jsonl",
        "{\"file\": \"p/1.png\", \"names\": [\"lynx\", \"wild cat\"], \"group\": \"cats\", "
        "\"style\": \"photo\", \"split\": \"unseen\", \"source\": 7}\n\n"
        "{\"file_name\": \"p/2.png\", \"label\": \"lynx\", \"mirrorable\": false}\n");
  write("set/list.csv",
        "\xEF\xBB\xBF"
        "file,names,group,style,split\r\n"
        "p/1.png,\"lynx| wild cat\",cats,photo,unseen\r\n"
        "p/2.png,lynx,,,\r\n");
  for (const char* list : {"set/list.jsonl", "set/list.csv"}) {
    const LabelledPictures set = open(list);
    ASSERT_EQ(set.classes().size(), 1u) << list;
    EXPECT_EQ(set.classes()[0].name, "lynx");
    EXPECT_EQ(set.classes()[0].tags, (std::vector<std::string>{"wild cat"}));
    EXPECT_EQ(set.classes()[0].group, "cats");
    EXPECT_EQ(set.picture(0).style, "photo");
    EXPECT_EQ(set.picture(0).split, "unseen");
    EXPECT_EQ(set.picture(1).split, "train");
    EXPECT_EQ(set.image(1).pixels[0], 2);
  }
}

TEST_F(OpenPicturesTest, AFolderWithMetadataIsThatList) {
  write("set/1.png", png(1));
  write("set/metadata.csv", "file_name,label\n1.png,cat\n");
  EXPECT_EQ(open().classes()[0].name, "cat");
}

TEST_F(OpenPicturesTest, MistakesInListsAreNamedByLine) {
  write("set/1.png", png(1));
  write("set/a.jsonl",
        "{\"file\": \"1.png\", \"name\": \"x\"}\n{\"file\": \"2.png\", \"name\": \"x\"}");
  EXPECT_NE(error_of("set/a.jsonl").find("a.jsonl:2"), std::string::npos);
  write("set/b.jsonl", "{\"file\": \"1.png\"}");
  EXPECT_NE(error_of("set/b.jsonl").find("expected a name"), std::string::npos);
  write("set/c.jsonl", "{\"file\": \"1.png\", \"names\": \"x\"}");
  EXPECT_NE(error_of("set/c.jsonl").find("list of texts"), std::string::npos);
  write("set/d.csv", "file,name\n1.png,x,y\n");
  EXPECT_NE(error_of("set/d.csv").find("d.csv:2"), std::string::npos);
  write("set/e.csv", "file,name\n1.png,\"x\n");
  EXPECT_NE(error_of("set/e.csv").find("e.csv:2"), std::string::npos);
  write("set/f.jsonl", "[1]\n");
  EXPECT_NE(error_of("set/f.jsonl").find("f.jsonl:1"), std::string::npos);
  write("set/g.txt", "x");
  EXPECT_NE(error_of("set/g.txt").find("file of another name"), std::string::npos);
  EXPECT_NE(error_of("set/nothing").find("no such file"), std::string::npos);
}

TEST_F(OpenPicturesTest, ShardsHoldLabelsInJsonOrNamesBeside) {
  write_tar("set/0.tar", {{"a.png", png(1)},
                          {"a.json", R"({"name": "cat", "style": "photo", "status": "success"})"},
                          {"b.json", R"({"status": "failed_to_download"})"},
                          {"c.png", png(2)},
                          {"c.txt", " dog\n"}});
  const LabelledPictures set = open();
  ASSERT_EQ(set.pictures().size(), 2u);
  EXPECT_EQ(set.class_of(0).name, "cat");
  EXPECT_EQ(set.picture(0).style, "photo");
  EXPECT_EQ(set.class_of(1).name, "dog");
  EXPECT_EQ(set.image(1).pixels[0], 2);
  EXPECT_EQ(set.hash(), open("set/0.tar").hash());
}

TEST_F(OpenPicturesTest, NumbersOfClassesNeedTheirNames) {
  write_tar("set/test/0.tar", {{"a.png", png(1)}, {"a.cls", "1"}});
  EXPECT_NE(error_of("set").find("classnames.txt"), std::string::npos);
  write("set/classnames.txt", "cat\ndog\n");
  const LabelledPictures set = open();
  EXPECT_EQ(set.class_of(0).name, "dog");
  EXPECT_EQ(set.picture(0).split, "test");
}

TEST_F(OpenPicturesTest, SeeThroughPicturesKeepTheirAlpha) {
  write("set/x/1.png", media::encode_png(testing::square_drawing({255, 0, 0}, 10)));
  EXPECT_EQ(open().image(0).mode, media::PixelMode::kRgba);
}

TEST_F(OpenPicturesTest, EmptyAndDamagedSetsAreErrors) {
  write("set/cat/readme.txt", "none");
  EXPECT_NE(error_of("set").find("at least one picture"), std::string::npos);
  write("set/cat/1.png", "no picture");
  const LabelledPictures set = open();
  EXPECT_THROW(set.image(0), Error);
  EXPECT_THROW(set.image(1), Error);
}

}  // namespace
}  // namespace flamingo::pictures
