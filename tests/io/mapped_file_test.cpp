#include "flamingo/io/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::error_of;
using testing::TemporaryFolder;

TEST(MappedFile, ShowsTheWholeFile) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a"), "hello");
  const MappedFile file(folder.file("a"));
  ASSERT_EQ(file.bytes().size(), 5u);
  EXPECT_EQ(std::to_integer<char>(file.bytes()[4]), 'o');
  EXPECT_EQ(file.path(), folder.file("a"));
}

TEST(MappedFile, EmptyFilesGiveNoBytes) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a"), "");
  EXPECT_TRUE(MappedFile(folder.file("a")).bytes().empty());
}

TEST(MappedFile, OutlivesARenameOverTheFile) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a"), "old");
  const MappedFile file(folder.file("a"));
  write_file_atomic(folder.file("a"), "");
  EXPECT_EQ(std::to_integer<char>(file.bytes()[0]), 'o');
}

TEST(MappedFile, RefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { MappedFile(folder.file("no")); }).find("No such file"),
            std::string::npos);
  EXPECT_NE(error_of([&] { MappedFile(folder.path()); }).find("a directory"), std::string::npos);
  EXPECT_NE(error_of([] { MappedFile("/dev/zero"); }).find("a device"), std::string::npos);
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_NE(error_of([&] { MappedFile(folder.file("pipe")); }).find("pipe"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::io
