#include "flamingo/io/tar.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "flamingo/io/mapped_file.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::error_of;
using testing::golden_bytes;
using testing::TemporaryFolder;

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

struct NamedFile {
  std::string name;
  std::string data;
  bool operator==(const NamedFile&) const = default;
};

std::ostream& operator<<(std::ostream& out, const NamedFile& file) {
  return out << file.name << " (" << file.data.size() << " bytes)";
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<NamedFile> read_all(const std::string& tar) {
  std::vector<NamedFile> files;
  for (const TarMember& member : index_tar(as_bytes(tar), "x.tar").members) {
    EXPECT_EQ(tar.substr(member.offset, member.data.size()), text(member.data));
    files.push_back({member.name, text(member.data)});
  }
  return files;
}

std::string padded(std::string data) {
  data.resize((data.size() + 511) / 512 * 512, '\0');
  return data;
}

std::string member(const std::string& name, const std::string& data) {
  return tar_header(name, data.size()) + padded(data);
}

/// Replaces a header field and writes the checksum that then fits.
std::string with_field(std::string header, size_t offset, const std::string& value) {
  header.replace(offset, value.size(), value);
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : header.substr(0, 512)) sum += static_cast<uint8_t>(c);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  return header.replace(148, 7, std::string(digits, 7));
}

std::string typed(char type, const std::string& name, const std::string& data) {
  return with_field(tar_header(name, data.size()), 156, std::string(1, type)) + padded(data);
}

std::string pax(const std::string& records) { return typed('x', "pax", records); }

const std::string kEnd(1024, '\0');

std::string all_bytes_twice() {
  std::string bytes;
  for (int i = 0; i < 512; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string long_name() {
  std::string name;
  for (int i = 0; i < 60; ++i) name += "d/";
  return name + "long-name.txt";
}

TEST(TarReader, ReadsEveryFormatOfPythonAlike) {
  const std::vector<NamedFile> expected = {
      {"000000.jpg", all_bytes_twice()},
      {"000000.txt", "a flamingo"},
      {"empty.txt", ""},
      {long_name(), "found under a long name"},
      {"r\xC3\xB6sa.txt", "name in UTF-8"},
      {"last.bin", std::string(513, '\0')},
  };
  for (const char* format : {"ustar", "gnu", "pax"}) {
    const std::string tar = golden_bytes("tar/" + std::string(format) + ".tar");
    EXPECT_EQ(read_all(tar), expected) << format;
    TarReader reader(as_bytes(tar), "x.tar");
    while (reader.next()) {
    }
    EXPECT_EQ(reader.num_skipped(), 4u) << format;  // folder, two links, pipe
  }
}

TEST(TarReader, SkipsSparseFiles) {
  for (const char* name : {"tar/sparse-gnu.tar", "tar/sparse-posix.tar"}) {
    const std::string tar = golden_bytes(name);
    EXPECT_EQ(read_all(tar), (std::vector<NamedFile>{{"plain.txt", "behind the sparse file"}}));
  }
}

TEST(TarReader, PaxRecordsReplaceNameAndSize) {
  const std::string tar = pax("17 path=new name\n10 size=3\n") +
                          with_field(tar_header("old", 9), 124, "00000001000") + padded("abc") +
                          member("next", "d") + kEnd;
  EXPECT_EQ(read_all(tar), (std::vector<NamedFile>{{"new name", "abc"}, {"next", "d"}}));
}

TEST(TarReader, GlobalPaxRecordsHoldUntilOverridden) {
  const std::string tar = typed('g', "pax", "12 path=all\n") + member("one", "1") +
                          pax("13 path=mine\n") + member("two", "2") + pax("8 path=\n") +
                          member("three", "3") + kEnd;
  EXPECT_EQ(read_all(tar), (std::vector<NamedFile>{{"all", "1"}, {"mine", "2"}, {"three", "3"}}));
}

TEST(TarReader, ReadsBinaryAndSpacePaddedSizes) {
  std::string binary(12, '\0');
  binary[0] = '\x80';
  binary[11] = '\x03';
  const std::string tar = with_field(tar_header("a", 0), 124, binary) + padded("abc") +
                          with_field(tar_header("b", 0), 124, "         4 ") + padded("defg") +
                          kEnd;
  EXPECT_EQ(read_all(tar), (std::vector<NamedFile>{{"a", "abc"}, {"b", "defg"}}));
}

TEST(TarReader, IgnoresTheSizeOfLinks) {
  const std::string tar = with_field(typed('2', "link", ""), 124, "00000001000") + kEnd;
  EXPECT_TRUE(read_all(tar).empty());
}

TEST(TarReader, FindsAFileBehindEightGiB) {
  const TemporaryFolder folder;
  const std::string path = folder.file("large.tar");
  const uint64_t size = (1ull << 33) + 1;
  const std::string header = tar_header("large", size);
  ASSERT_EQ(header.size(), 3 * 512u);
  write_file_atomic(path, header);
  std::filesystem::resize_file(path, header.size() + (1ull << 33) + 512 + 1024);  // a hole
  const MappedFile file(path);
  const auto members = index_tar(file.bytes(), path).members;
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].data.size(), size);
}

TEST(TarReader, NamesDamageAndItsOffset) {
  const auto error = [](const std::string& tar) {
    return error_of([&] { index_tar(as_bytes(tar), "x.tar"); });
  };
  std::string flipped = member("a", "1") + member("b", "2") + kEnd;
  flipped[1024] ^= 1;
  expect_part(error(flipped), "[x.tar] expected a header with its checksum");
  expect_part(error(flipped), "offset 1024");
  expect_part(error(""), "got the end of the file");
  expect_part(error(std::string(512, '\0')), "got the end of the file");
  expect_part(error("a,b"), "expected 512 more bytes, got 3");
  expect_part(error(member("a", "1").substr(0, 512)), "expected 1 more bytes, got 0");
  expect_part(error(member("a", "1") + "b"), "got 1 for the header at offset 1024");
  expect_part(error(member("a", "1") + kEnd + "b"), "got 1 for the header at offset 2048");
  expect_part(error(member("a", "1") + pax("13 path=mine\n") + kEnd + member("b", "2") + kEnd),
              "got the end");
  expect_part(error(with_field(tar_header("a", 0), 124, "77777777777") + kEnd), "expected at most");
  expect_part(error(with_field(tar_header("a", 0), 124, "\xFF") + kEnd), "a size");
  expect_part(error(with_field(tar_header("a", 0), 124, "9") + kEnd), "a size");
  expect_part(error(with_field(tar_header("a", 0), 0, std::string(1, '\0')) + kEnd),
              "expected a name");
  expect_part(error(pax("13 path=mine\n") + kEnd), "got the end");
}

TEST(TarReader, ReadsWithoutAnEndMarkAndWarns) {
  const std::string members = member("a", "1") + member("b", "2");
  EXPECT_TRUE(index_tar(as_bytes(members + kEnd), "x").warnings.empty());
  EXPECT_TRUE(index_tar(as_bytes(members + kEnd + std::string(9000, '\0')), "x").warnings.empty());
  for (const size_t size : {0u, 1u, 511u, 512u, 1023u}) {
    const std::string cut = members + std::string(size, '\0');
    const TarIndex index = index_tar(as_bytes(cut), "x");
    EXPECT_EQ(index.members.size(), 2u) << size;
    ASSERT_EQ(index.warnings.size(), 1u) << size;
    EXPECT_NE(index.warnings[0].find("the last is \"b\""), std::string::npos) << index.warnings[0];
  }
  const std::string bare = members.substr(0, members.size() - 511);  // no zeros behind the data
  EXPECT_EQ(index_tar(as_bytes(bare), "x").members.size(), 2u);
  EXPECT_EQ(index_tar(as_bytes(bare), "x").warnings.size(), 1u);
}

TEST(TarReader, ReadsArchivesBehindEachOtherAndWarns) {
  const std::string global = typed('g', "g", "11 path=zz\n");
  const std::string one = global + member("a", "1") + kEnd + std::string(4096, '\0');
  const std::string both = one + member("b", "2") + kEnd;
  const TarIndex index = index_tar(as_bytes(both), "x");
  ASSERT_EQ(index.members.size(), 2u);
  EXPECT_EQ(index.members[1].name, "b") << "global records end with their archive";
  EXPECT_EQ(text(index.members[1].data), "2");
  ASSERT_EQ(index.warnings.size(), 1u);
  EXPECT_NE(index.warnings[0].find("2 archives"), std::string::npos) << index.warnings[0];
  const std::string lone = member("a", "1") + std::string(512, '\0') + member("b", "2");
  EXPECT_EQ(index_tar(as_bytes(lone), "x").members.size(), 2u);
  EXPECT_EQ(index_tar(as_bytes(lone), "x").warnings.size(), 2u);
}

TEST(TarReader, RefusesBadPaxRecords) {
  for (const char* records :
       {"path=a\n", "99 path=a\n", "8 path=a\n", "4 a=\n", "0 a=b\n", "6 ab=\n\n", "7 pathx\n",
        "-9 path=a\n", "99999999999999999999 path=a\n", "10 size=x\n", "11 size=-1\n"}) {
    const std::string tar = pax(records) + member("a", "1") + kEnd;
    EXPECT_THROW(index_tar(as_bytes(tar), "x.tar"), Error) << records;
  }
}

TEST(TarReader, AppliesLimits) {
  const std::string tar = member("abcd", "1") + member("efgh", "2") + kEnd;
  EXPECT_THROW(index_tar(as_bytes(tar), "x", {.max_members = 1}), Error);
  EXPECT_THROW(index_tar(as_bytes(tar), "x", {.max_name_bytes = 3}), Error);
  EXPECT_EQ(index_tar(as_bytes(tar), "x", {.max_members = 2, .max_name_bytes = 4}).members.size(),
            2u);
  const std::string with_pax = pax("13 path=mine\n") + tar;
  EXPECT_THROW(index_tar(as_bytes(with_pax), "x", {.max_header_bytes = 12}), Error);
  const std::string with_long = typed('L', "l", std::string(4097, 'n')) + tar;
  EXPECT_THROW(index_tar(as_bytes(with_long), "x"), Error);
}

TEST(TarReader, GivesWhatStandsBeforeDamageAndNothingBehindIt) {
  const std::string good = pax("13 path=mine\n") + member("a", "1");
  std::string tar = good + pax("14 path=yours\n") + member("b", "") + member("c", "3") + kEnd;
  tar[good.size() + 1024] ^= 1;  // the header that the second pax header is for
  TarReader reader(as_bytes(tar), "x.tar");
  EXPECT_EQ(reader.next()->name, "mine");
  EXPECT_THROW(reader.next(), Error);
  EXPECT_THROW(reader.next(), Error);
}

TEST(TarWriter, WritesTheBytesOfPython) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.tar");
  TarWriter writer(path);
  writer.add("000000.jpg", all_bytes_twice());
  writer.add("000000.txt", "a flamingo");
  writer.add("empty.txt", "");
  writer.add("r\xC3\xB6sa.txt", "name in UTF-8");
  writer.add("last.bin", std::string(513, '\0'));
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.finish();
  EXPECT_EQ(read_file(path, 1 << 20), golden_bytes("tar/writer.tar"));
}

TEST(TarWriter, RoundTripsNamesOfEveryLength) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.tar");
  TarWriter writer(path);
  std::vector<NamedFile> files;
  for (const size_t length : {1u, 99u, 100u, 101u, 102u, 255u, 256u, 985u, 986u, 987u, 4096u}) {
    files.push_back({std::string(length, 'n'), std::to_string(length)});
    writer.add(files.back().name, files.back().data);
  }
  writer.finish();
  EXPECT_EQ(read_all(read_file(path, 1 << 20)), files);
}

TEST(TarWriter, RefusesNamesAndGoesOn) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.tar");
  TarWriter writer(path);
  EXPECT_THROW(writer.add("", "x"), Error);
  EXPECT_THROW(writer.add(std::string("a\0b", 3), "x"), Error);
  EXPECT_THROW(writer.add(std::string(4097, 'n'), "x"), Error);
  writer.add("good", "x");
  writer.finish();
  EXPECT_EQ(read_all(read_file(path, 1 << 20)), (std::vector<NamedFile>{{"good", "x"}}));
  EXPECT_THROW(writer.add("late", "x"), Error);
  EXPECT_THROW(writer.finish(), Error);
}

TEST(TarWriter, LeavesNothingWithoutFinish) {
  const TemporaryFolder folder;
  { TarWriter(folder.file("x.tar")).add("a", "1"); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace flamingo::io
