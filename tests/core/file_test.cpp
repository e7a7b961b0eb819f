#include "flamingo/core/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/core/file_size_limit.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo {
namespace {

using testing::error_of;
using testing::FileSizeLimit;
using testing::TemporaryFolder;

size_t files_in(const TemporaryFolder& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path()),
                                           std::filesystem::directory_iterator()));
}

TEST(File, WritesAndReadsBack) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_file_atomic(folder.file("a"), bytes);
  EXPECT_EQ(read_file(folder.file("a"), 4), bytes);
  EXPECT_EQ(regular_file_size(folder.file("a")), 4u);
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(File, ReadRefusesMoreThanTheLimit) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a"), "12345");
  EXPECT_NE(error_of([&] { read_file(folder.file("a"), 4); }).find("at most 4 bytes, got 5"),
            std::string::npos);
}

TEST(File, ReadRefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { read_file(folder.file("no"), 9); }).find("No such file"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_file(folder.path(), 9); }).find("a directory"), std::string::npos);
  EXPECT_NE(error_of([] { read_file("", 9); }).find("an empty one"), std::string::npos);
  EXPECT_NE(error_of([] { read_file("https://a.b/c.png", 9); }).find("addresses are not fetched"),
            std::string::npos);
  EXPECT_NE(error_of([] { read_file("/dev/zero", 9); }).find("a device"), std::string::npos);
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_NE(error_of([&] { read_file(folder.file("pipe"), 9); }).find("pipe"), std::string::npos);
}

TEST(AtomicFile, ShowsNothingBeforeCommit) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a"), "old");
  {
    AtomicFile file(folder.file("a"));
    file.write("ne");
    file.write("w");
    EXPECT_EQ(read_file(folder.file("a"), 9), "old");
    file.commit();
  }
  EXPECT_EQ(read_file(folder.file("a"), 9), "new");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(AtomicFile, ReplacesWhereALinkLeads) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("far"));
  std::filesystem::create_symlink("far/b", folder.file("link"));
  std::filesystem::create_symlink(folder.file("link"), folder.file("first"));
  for (const char* text : {"new", "newer"}) {
    write_file_atomic(folder.file("first"), text);
    EXPECT_EQ(read_file(folder.file("far/b"), 9), text);
  }
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("first")));
  EXPECT_EQ(files_in(folder), 3u);
  std::filesystem::create_symlink("loop", folder.file("loop"));
  EXPECT_NE(error_of([&] { write_file_atomic(folder.file("loop"), "x"); }).find("links"),
            std::string::npos);
}

TEST(AtomicFile, ReplacesNothingButFiles) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink(folder.file("pipe"), folder.file("link"));
  for (const std::string& path :
       {folder.file("pipe"), folder.file("link"), std::string("/dev/null")}) {
    EXPECT_NE(error_of([&] { write_file_atomic(path, "x"); }).find("a device, pipe or socket"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::is_regular_file(path));
  }
  EXPECT_NE(error_of([&] { write_file_atomic(folder.path(), "x"); }).find("a directory"),
            std::string::npos);
  EXPECT_NE(error_of([&] { write_file_atomic("-", "x"); }).find("./-"), std::string::npos);
  EXPECT_EQ(files_in(folder), 2u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  { AtomicFile(folder.file("a")).write("half"); }
  EXPECT_EQ(files_in(folder), 0u);
}

TEST(AtomicFile, AFullDiskKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a"), "old");
  {
    const FileSizeLimit limit(1000);
    const std::string big(5000, 'x');
    EXPECT_NE(error_of([&] { write_file_atomic(folder.file("a"), big); }).find("to write the file"),
              std::string::npos);
  }
  EXPECT_EQ(read_file(folder.file("a"), 9), "old");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(AtomicFile, RefusesBadTargets) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { AtomicFile(folder.file("no/a")); }).find("to create the file"),
            std::string::npos);
  std::filesystem::create_directory(folder.file("dir"));
  EXPECT_NE(error_of([&] { write_file_atomic(folder.file("dir"), "x"); }).find("a directory"),
            std::string::npos);
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(MakeFolder, MakesThoseAboveAndRefusesAFileInTheWay) {
  const TemporaryFolder folder;
  make_folder(folder.file("a/b"));
  make_folder(folder.file("a/b"));
  make_folder("");
  EXPECT_TRUE(std::filesystem::is_directory(folder.file("a/b")));
  write_file_atomic(folder.file("file"), "x");
  EXPECT_NE(error_of([&] { make_folder(folder.file("file/c")); }).find("to create the folder"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo
