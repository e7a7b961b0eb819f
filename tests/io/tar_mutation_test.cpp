// The tar reader fed with damaged archives: every member it returns is a true one or there is an
// Error. The one exception is the data itself, over which a tar has no checksum.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "flamingo/core/rng.h"
#include "flamingo/io/tar.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::golden_bytes;

constexpr int kTarFlips = 10'000;
constexpr const char* kFiles[] = {"ustar", "gnu", "pax", "sparse-gnu", "sparse-posix"};

struct Result {
  std::vector<std::string> members;  ///< name and place of each, read before an Error
  bool complete = false;             ///< no Error
  bool warned = false;
};

/// Reads every byte of every member. The exact copy lets a sanitizer see one byte too many.
Result read(std::string_view bytes) {
  std::string exact(bytes);
  exact.shrink_to_fit();
  Result result;
  unsigned sum = 0;
  try {
    TarReader reader(as_bytes(exact), "x");
    while (const auto member = reader.next()) {
      for (const std::byte b : member->data) sum += static_cast<unsigned>(b);
      result.members.push_back(member->name + " " + std::to_string(member->offset) + " " +
                               std::to_string(member->data.size()));
    }
    result.complete = true;
    result.warned = !reader.warnings().empty();
  } catch (const Error&) {
  }
  EXPECT_LT(sum, ~0u);
  return result;
}

bool begins_with(const std::vector<std::string>& whole, const std::vector<std::string>& part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(TarMutation, PrefixesGiveTheMembersBeforeTheCut) {
  for (const std::string name : kFiles) {
    const std::string file = golden_bytes("tar/" + name + ".tar");
    const Result whole = read(file);
    ASSERT_TRUE(whole.complete) << name;
    for (size_t size = 0; size < file.size(); ++size) {
      const Result cut = read(file.substr(0, size));
      ASSERT_TRUE(!cut.complete || cut.warned || cut.members == whole.members)
          << name << ", prefix of " << size << " bytes";
      ASSERT_TRUE(begins_with(whole.members, cut.members)) << name << " at " << size;
    }
  }
}

/// Headers have checksums and pax records are data: a flip in their text may rename a member.
TEST(TarMutation, FlipsNeverMoveAMember) {
  for (const std::string name : kFiles) {
    std::string file = golden_bytes("tar/" + name + ".tar");
    const Result whole = read(file);
    const bool checked_names = name == "ustar";
    Rng rng(testing::seeded(3));
    for (int i = 0; i < kTarFlips; ++i) {
      const size_t position = rng.below(file.size());
      const char before = file[position];
      file[position] = static_cast<char>(before ^ static_cast<char>(1 + rng.below(255)));
      const Result damaged = read(file);
      if (checked_names) {
        ASSERT_TRUE(begins_with(whole.members, damaged.members)) << name << " at " << position;
        ASSERT_TRUE(!damaged.complete || damaged.members == whole.members) << position;
      }
      file[position] = before;
    }
  }
}

/// Past the checksum: damaged headers whose sum fits again.
TEST(TarMutation, FlipsWithFittingChecksums) {
  for (const std::string name : kFiles) {
    std::string file = golden_bytes("tar/" + name + ".tar");
    Rng rng(testing::seeded(4));
    for (int i = 0; i < kTarFlips; ++i) {
      const size_t block = rng.below(file.size() / 512) * 512;
      const std::string before = file.substr(block, 512);
      file[block + rng.below(512)] = static_cast<char>(rng.below(256));
      file.replace(block + 148, 8, 8, ' ');
      unsigned sum = 0;
      for (const char c : file.substr(block, 512)) sum += static_cast<uint8_t>(c);
      for (size_t digit = 6; digit-- > 0; sum /= 8)
        file[block + 148 + digit] = static_cast<char>('0' + sum % 8);
      read(file);
      file.replace(block, 512, before);
    }
  }
}

}  // namespace
}  // namespace flamingo::io
