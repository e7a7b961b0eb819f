#include "flamingo/io/zip_archive.h"

#include <gtest/gtest.h>

#include "tests/io/zip_builder.h"

namespace flamingo {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;
using testing::ZipBuilder;

void expect_error(const std::string& bytes, const std::string& part) {
  const std::string message = error_of([&] { ZipArchive::parse(as_bytes(bytes), "x"); });
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
  const ZipArchive zip = ZipArchive::parse(as_bytes(bytes), "x");
  EXPECT_EQ(zip.entries().size(), 2u);
  EXPECT_EQ(zip.read("a").size(), 5u);
  EXPECT_TRUE(zip.read("b/c").empty());
  EXPECT_NE(error_of([&] { zip.read("d"); }).find("x: d"), std::string::npos);
}

TEST(ZipArchive, ReadsZip64) {
  const std::string bytes = zip64({});
  EXPECT_EQ(ZipArchive::parse(as_bytes(bytes), "x").read("a").size(), 5u);
}

TEST(ZipArchive, RefusesZip64Lies) {
  expect_error(zip64({}, 7), "two different values");
  expect_error(zip64({.count = ~0ull, .here = ~0ull}), "two different values");
  expect_error(zip64({.here = 2}), "one zip disk");
  expect_error(zip64({.signature = 1}), "zip64 end record");
  expect_error(zip64({.size_lie = ~0ull - 47}), "overflow");
  expect_error(zip64({.size_lie = 1000}), "inside the file");
  expect_error(zip64({.locator_lie = 1ull << 60}), "inside the file");
}

TEST(ZipArchive, ChecksTheCrc) {
  std::string bytes = ZipBuilder().add("a", "hello").str();
  bytes[bytes.find("hello")] = 'j';
  const ZipArchive zip = ZipArchive::parse(as_bytes(bytes), "x");
  EXPECT_NE(error_of([&] { zip.read("a"); }).find("CRC-32"), std::string::npos);
}

TEST(ZipArchive, RefusesWhatIsNoPlainArchive) {
  expect_error("", "got 0 bytes");
  expect_error(std::string(100, 'x'), "not a zip archive");
  expect_error(ZipBuilder().add("a", "x").str() + "x", "not a zip archive");
  expect_error(ZipBuilder().add("a", "x").add("a", "y").str(), "duplicate");
  expect_error(ZipBuilder().add("a", "x").str(1), "expected 4 bytes");
  expect_error(ZipBuilder().add("a", "x").str(-1), "as many zip members");
  expect_error(lying([](auto& zip) { zip.method = 8; }), "compression method 8");
  expect_error(lying([](auto& zip) { zip.flags = 1; }), "encrypted");
  expect_error(lying([](auto& zip) { zip.size_lie = 1; }), "equal sizes");
  expect_error(lying([](auto& zip) { zip.local_name = "b"; }), "the same name");
  expect_error(lying([](auto& zip) { zip.offset_lie = 1; }), "member header");
  expect_error(lying([](auto& zip) { zip.offset_lie = 0xFFFFFF00u; }), "inside the file");
}

TEST(ZipArchive, RefusesSaturatedSizesWithoutZip64) {
  std::string bytes = ZipBuilder().add("a", "hello").str();
  const size_t row = bytes.find("PK\x01\x02");
  for (int i = 0; i < 8; ++i) bytes[row + 20 + i] = '\xff';
  expect_error(bytes, "expected 4294967295 bytes");
}

TEST(ZipArchive, RefusesAnArchiveComment) {
  std::string bytes = ZipBuilder().add("a", "x").str();
  bytes[bytes.size() - 2] = 1;
  expect_error(bytes, "comment");
}

TEST(ZipArchive, RefusesOverlappingMembers) {
  // The second member lies within the data of the first.
  const ZipBuilder inner = ZipBuilder().add("b", "x");
  ZipBuilder zip;
  zip.add("a", inner.members());
  zip.offset_lie = -static_cast<int64_t>(inner.members().size());
  expect_error(zip.add("b", "x").str(), "overlap");
}

}  // namespace
}  // namespace flamingo
