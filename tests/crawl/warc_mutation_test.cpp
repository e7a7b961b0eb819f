// The WARC reader fed with damaged files: never a crash, and behind gzip's checksums only records
// that were in the file. What is lost is at most the damaged record (plain: and the one in front).

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "flamingo/core/rng.h"
#include "flamingo/crawl/http_message.h"
#include "flamingo/crawl/warc.h"
#include "tests/crawl/warc_builder.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

using testing::as_bytes;

constexpr size_t kRecords = 5;
constexpr size_t kPage = 300;
constexpr int kFlips = 10'000;

/// Addresses and blocks of all records; the exact copy lets a sanitizer see one byte too many.
std::vector<std::string> read_all(std::string_view bytes, WarcStatistics& statistics) {
  std::string exact(bytes);
  exact.shrink_to_fit();
  WarcReader reader(memory_stream(as_bytes(exact), "x"));
  std::vector<std::string> records;
  while (const auto record = reader.next()) {
    records.push_back(record->target_uri + record->block);
    try {
      parse_http_response(record->block, record->target_uri);
    } catch (const Error&) {
    }
  }
  statistics = reader.statistics();
  return records;
}

size_t count_known(const std::vector<std::string>& records, const std::vector<std::string>& known) {
  return static_cast<size_t>(std::count_if(records.begin(), records.end(), [&](const auto& record) {
    return std::find(known.begin(), known.end(), record) != known.end();
  }));
}

struct Packed {
  const char* name;
  std::string file;
  bool checked;     ///< by gzip's sums
  size_t may_lose;  ///< records, by one flip
};

std::vector<Packed> packed_files() {
  const auto records = testing::warc_records(kRecords, kPage);
  return {{"plain", testing::joined(records), false, 2},
          {"gzip", testing::gzip_each(records), true, 1},
          {"one gzip", testing::gzip_text(testing::joined(records)), false, kRecords}};
}

TEST(WarcMutation, PrefixesGiveTheRecordsBeforeTheCut) {
  for (const Packed& packed : packed_files()) {
    WarcStatistics statistics;
    const auto whole = read_all(packed.file, statistics);
    ASSERT_EQ(whole.size(), kRecords);
    for (size_t size = 0; size < packed.file.size(); ++size) {
      const auto cut = read_all(packed.file.substr(0, size), statistics);
      ASSERT_TRUE(std::equal(cut.begin(), cut.end(), whole.begin())) << packed.name << " " << size;
      ASSERT_LE(statistics.damaged, packed.checked ? 1u : kRecords) << packed.name << " " << size;
    }
  }
}

TEST(WarcMutation, FlipsLoseLittle) {
  for (const Packed& packed : packed_files()) {
    WarcStatistics statistics;
    const auto whole = read_all(packed.file, statistics);
    std::string file = packed.file;
    Rng rng(testing::seeded(8));
    for (int i = 0; i < kFlips; ++i) {
      const size_t position = rng.below(file.size());
      const char before = file[position];
      file[position] = static_cast<char>(before ^ static_cast<char>(1 + rng.below(255)));
      const auto damaged = read_all(file, statistics);
      const size_t known = count_known(damaged, whole);
      ASSERT_GE(known + packed.may_lose, kRecords) << packed.name << " at " << position;
      if (packed.checked) {
        ASSERT_EQ(known, damaged.size()) << position;
        ASSERT_GE(known + statistics.damaged, kRecords) << position;
      }
      file[position] = before;
    }
  }
}

}  // namespace
}  // namespace flamingo::crawl
