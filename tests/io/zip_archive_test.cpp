#include "flamingo/io/zip_archive.h"

#include <gtest/gtest.h>

#include "flamingo/io/inflate.h"
#include "tests/io/zip_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;
using testing::ZipBuilder;

void expect_zip_error(const std::string& bytes, const std::string& part) {
  const std::string message = error_of([&] { ZipArchive::parse(as_bytes(bytes), "x"); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// The content of a member.
std::string content(const std::string& archive, std::string_view name) {
  ZipArchive zip = ZipArchive::parse(as_bytes(archive), "x");
  OwnedBytes owned;
  const auto data = zip.read(name, owned);
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// The archive opens, its member does not.
void expect_unreadable(const std::string& archive, const std::string& part,
                       std::string_view name = "a") {
  EXPECT_NO_THROW(ZipArchive::parse(as_bytes(archive), "x"));
  const std::string message = error_of([&] { content(archive, name); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// An archive of one member after `set` has told its lie.
template <class Set>
std::string lying(Set&& set) {
  ZipBuilder zip;
  set(zip);
  return zip.add("a", "hello").str();
}

struct Wide {
  uint64_t count = 1;
  uint64_t here = 1;
  uint32_t signature = 0x06064b50;
  uint64_t size_lie = 0;
  uint64_t locator_lie = 0;
};

/// The same archive with a zip64 end record; `narrow` goes to the fields of the plain end record.
std::string zip64(const Wide& wide, uint32_t narrow = 0xFFFFFFFF) {
  const ZipBuilder zip = ZipBuilder().add("a", "hello");
  ByteBuilder file;
  file.text(zip.members()).text(zip.directory());
  const uint64_t end64 = file.str().size();
  file.number(wide.signature).number<uint64_t>(44).number<uint32_t>(0).number<uint64_t>(0);
  file.number(wide.here).number(wide.count);
  file.number<uint64_t>(zip.directory().size() + wide.size_lie);
  file.number<uint64_t>(zip.members().size());
  file.number<uint32_t>(0x07064b50).number<uint32_t>(0).number(end64 + wide.locator_lie);
  file.number<uint32_t>(1);
  file.number<uint32_t>(0x06054b50).number<uint32_t>(0).number<uint16_t>(1).number<uint16_t>(1);
  return file.number(narrow).number(narrow).number<uint16_t>(0).str();
}

TEST(ZipArchive, ReadsStoredMembers) {
  const std::string bytes = ZipBuilder().add("a", "hello").add("b/c", "").str();
  EXPECT_EQ(ZipArchive::parse(as_bytes(bytes), "x").entries().size(), 2u);
  EXPECT_EQ(content(bytes, "a"), "hello");
  EXPECT_EQ(content(bytes, "b/c"), "");
  expect_unreadable(bytes, "x: d", "d");
}

TEST(ZipArchive, ReadsZip64) {
  const std::string bytes = zip64({});
  EXPECT_EQ(content(bytes, "a"), "hello");
}

TEST(ZipArchive, RefusesZip64Lies) {
  expect_zip_error(zip64({}, 7), "two different values");
  expect_zip_error(zip64({.count = ~0ull, .here = ~0ull}), "two different values");
  expect_zip_error(zip64({.here = 2}), "one zip disk");
  expect_zip_error(zip64({.signature = 1}), "zip64 end record");
  expect_zip_error(zip64({.size_lie = ~0ull - 47}), "overflow");
  expect_zip_error(zip64({.size_lie = 1000}), "inside the file");
  expect_zip_error(zip64({.locator_lie = 1ull << 60}), "inside the file");
}

TEST(ZipArchive, ChecksTheCrc) {
  std::string bytes = ZipBuilder().add("a", "hello").str();
  bytes[bytes.find("hello")] = 'j';
  expect_unreadable(bytes, "CRC-32");
}

TEST(ZipArchive, AWriterMayKeepNoCrc) {
  EXPECT_EQ(content(lying([](auto& zip) { zip.crc = 0; }), "a"), "hello");
  expect_unreadable(lying([](auto& zip) { zip.crc = 1; }), "CRC-32");
}

TEST(ZipArchive, InflatesDeflatedMembers) {
  if (!has_inflate()) GTEST_SKIP() << "built without zlib";
  const std::string text = "hello hello hello hello";
  // zlib's raw deflate of the text above.
  const std::string deflated("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01", 10);
  const auto archive = [&](uint64_t size, const std::string& stored) {
    ZipBuilder zip;
    zip.method = 8;
    zip.crc = crc32(as_bytes(text));
    zip.size_lie = static_cast<int64_t>(size) - static_cast<int64_t>(stored.size());
    return zip.add("a", stored).str();
  };
  EXPECT_EQ(content(archive(text.size(), deflated), "a"), text);
  expect_unreadable(archive(text.size() + 1, deflated), "deflated data of 24 bytes");
  expect_unreadable(archive(text.size() - 1, deflated), "another length");
  expect_unreadable(archive(text.size(), deflated.substr(0, 8)), "another length");
  expect_unreadable(archive(text.size(), deflated + "x"), "another length");
  expect_unreadable(archive(text.size(), std::string(10, '\xff')), "damaged data");
}

TEST(ZipArchive, BoundsWhatMembersInflateTo) {
  if (!has_inflate()) GTEST_SKIP() << "built without zlib";
  ZipBuilder zip;
  zip.method = 8;
  zip.size_lie = 65 << 20;
  zip.add("a", "x");
  const std::string large = zip.str();
  expect_unreadable(large, "at most 6710");  // 64 MiB and 8 times the archive
  zip.size_lie = 40 << 20;
  const std::string bytes = zip.add("b", "x").add("c", "x").str();
  ZipArchive archive = ZipArchive::parse(as_bytes(bytes), "x");
  OwnedBytes owned;
  EXPECT_NE(error_of([&] { archive.read("b", owned); }).find("deflated data"), std::string::npos);
  EXPECT_NE(error_of([&] { archive.read("c", owned); }).find("together"), std::string::npos);
}

TEST(ZipArchive, RefusesOtherCodingsOnlyWhenTheyAreRead) {
  ZipBuilder zip;
  zip.add("a", "hello");
  zip.method = 12;
  zip.add("bzip2", "x");
  zip.method = 0;
  zip.flags = 1;
  const std::string bytes = zip.add("secret", "x").str();
  EXPECT_EQ(content(bytes, "a"), "hello");
  expect_unreadable(bytes, "compression method 12", "bzip2");
  expect_unreadable(bytes, "encrypted", "secret");
}

TEST(ZipArchive, RefusesWhatIsNoPlainArchive) {
  expect_zip_error("", "got 0 bytes");
  expect_zip_error(std::string(100, 'x'), "not a zip archive");
  expect_zip_error(ZipBuilder().add("a", "x").str() + "x", "not a zip archive");
  expect_zip_error(ZipBuilder().add("a", "x").add("a", "y").str(), "duplicate");
  expect_zip_error(ZipBuilder().add("a", "x").str(1), "expected 4 bytes");
  expect_zip_error(ZipBuilder().add("a", "x").str(-1), "as many zip members");
  expect_zip_error(lying([](auto& zip) { zip.local_method = 8; }), "the same compression");
  expect_zip_error(lying([](auto& zip) { zip.size_lie = 1; }), "equal sizes");
  expect_zip_error(lying([](auto& zip) { zip.local_name = "b"; }), "the same name");
  expect_zip_error(lying([](auto& zip) { zip.offset_lie = 1; }), "member header");
  expect_zip_error(lying([](auto& zip) { zip.offset_lie = 0xFFFFFF00u; }), "inside the file");
}

TEST(ZipArchive, RefusesSaturatedSizesWithoutZip64) {
  std::string bytes = ZipBuilder().add("a", "hello").str();
  const size_t row = bytes.find("PK\x01\x02");
  for (int i = 0; i < 8; ++i) bytes[row + 20 + i] = '\xff';
  expect_zip_error(bytes, "expected 4294967295 bytes");
}

TEST(ZipArchive, RefusesAnArchiveComment) {
  std::string bytes = ZipBuilder().add("a", "x").str();
  bytes[bytes.size() - 2] = 1;
  expect_zip_error(bytes, "comment");
}

TEST(ZipArchive, RefusesOverlappingMembers) {
  // The second member lies within the data of the first.
  const ZipBuilder inner = ZipBuilder().add("b", "x");
  ZipBuilder zip;
  zip.add("a", inner.members());
  zip.offset_lie = -static_cast<int64_t>(inner.members().size());
  expect_zip_error(zip.add("b", "x").str(), "overlap");
}

}  // namespace
}  // namespace flamingo::io
