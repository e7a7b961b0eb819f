#include "flamingo/crawl/warc.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "flamingo/core/rng.h"
#include "tests/crawl/warc_builder.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

using testing::as_bytes;
using testing::gzip_each;
using testing::gzip_text;
using testing::joined;
using testing::page;
using testing::uri;
using testing::warc_record;
using testing::warc_records;
using testing::zstd_text;

struct Outcome {
  std::vector<std::string> uris;
  WarcStatistics statistics;
};

/// Reads to the end and checks each page against its address.
Outcome read_all(const std::string& file, size_t page_size, const WarcLimits& limits = {}) {
  WarcReader reader(memory_stream(as_bytes(file), "x.warc"), limits);
  Outcome outcome;
  while (const auto record = reader.next()) {
    outcome.uris.push_back(record->target_uri);
    const size_t i = std::stoul(record->target_uri.substr(uri(0).size() - 1));
    EXPECT_EQ(record->block, page(i, page_size + i % 100)) << record->target_uri;
  }
  outcome.statistics = reader.statistics();
  return outcome;
}

std::vector<std::string> uris(std::initializer_list<size_t> numbers) {
  std::vector<std::string> list;
  for (const size_t i : numbers) list.push_back(uri(i));
  return list;
}

TEST(WarcReader, ReadsEveryPackingAlike) {
  const auto records = warc_records(50, 3000);
  std::string frames;
  for (const std::string& record : records) frames += zstd_text(record);
  const std::string plain = joined(records);
  std::string blocks;  // members that end anywhere
  for (size_t at = 0; at < plain.size(); at += 1000) blocks += gzip_text(plain.substr(at, 1000));
  for (const std::string& file :
       {plain, gzip_each(records), gzip_text(plain), zstd_text(plain), frames, blocks}) {
    const Outcome outcome = read_all(file, 3000);
    EXPECT_EQ(outcome.uris.size(), 50u);
    EXPECT_EQ(outcome.statistics.records, 50u);
    EXPECT_EQ(outcome.statistics.bytes, 50 * 3000 + 49 * 25u);
    EXPECT_EQ(outcome.statistics.damaged, 0u);
    EXPECT_EQ(outcome.statistics.resyncs, 0u);
  }
}

TEST(WarcReader, ReadsHeadersAsTheyComeInTheWild) {
  const std::string file =
      "WARC/1.1\nwarc-type:response\nWARC-TARGET-URI: <http://a.b/\n\tc>\n"
      "Warc-Date: 2024\nWARC-Record-ID: <urn:uuid:1>\nX-Empty:\ncontent-length: 2\n\nhi"
      "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n\r\n\n";
  WarcReader reader(memory_stream(as_bytes(file), "x"));
  const auto record = reader.next();
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->type, "response");
  EXPECT_EQ(record->target_uri, "http://a.b/ c");
  EXPECT_EQ(record->date, "2024");
  EXPECT_EQ(record->id, "urn:uuid:1");
  EXPECT_EQ(*record->headers.find("x-empty"), "");
  EXPECT_EQ(record->block, "hi");
  EXPECT_EQ(reader.next()->type, "warcinfo");
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_EQ(reader.statistics().damaged, 0u);
}

TEST(WarcReader, AWrongLengthLosesItsRecord) {
  for (const char* length : {"10", "3001", "4000", "5000", "9000", "99999", "-1", "+3001", "1e3",
                             "3001 3001", "0x10", " "}) {
    auto records = warc_records(5, 3000);
    records[1] = warc_record("response", uri(1), page(1, 3009), length);
    for (const bool gzip : {false, true}) {
      const Outcome outcome = read_all(gzip ? gzip_each(records) : joined(records), 3000);
      EXPECT_EQ(outcome.uris, uris({0, 2, 3, 4})) << length << (gzip ? " gzip" : " plain");
      EXPECT_EQ(outcome.statistics.damaged, 1u) << length;
      EXPECT_EQ(outcome.statistics.resyncs, 1u) << length;
    }
  }
}

TEST(WarcReader, BadHeadersLoseTheirRecord) {
  const std::string good = warc_record("response", uri(1), page(1, 101));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string record = good;
    return record.replace(record.find(from), from.size(), to);
  };
  const std::string cases[] = {
      changed("WARC/1.0", "WARC/1.9"),
      changed("WARC-Type: ", "WARC-Type; "),
      changed("WARC-Type", "WARC-Kind"),
      changed("Content-Length", "Content-Size"),
      changed("WARC-Date", "Content-Length: 101\r\nWARC-Date"),
      changed("WARC-Date: 2024", "WARC-Date: " + std::string(300 << 10, '2')),
      changed("WARC-Date: 2024", joined(std::vector<std::string>(201, "A: b\r\n"))),
      "WARC/1.0\r\n",
      "no record at all\r\n",
  };
  for (const std::string& bad : cases) {
    auto records = warc_records(3, 100);
    records[1] = bad;
    for (const bool gzip : {false, true}) {
      const Outcome outcome = read_all(gzip ? gzip_each(records) : joined(records), 100);
      // What stands in front of something that is no record cannot be told from a wrong length.
      const bool hit_first = !gzip && !bad.starts_with("WARC/1.");
      EXPECT_EQ(outcome.uris, hit_first ? uris({2}) : uris({0, 2})) << bad.substr(0, 200);
      EXPECT_EQ(outcome.statistics.damaged, 1u) << bad.substr(0, 200);
    }
  }
}

TEST(WarcReader, OversizedRecordsAreSkippedAndCounted) {
  auto records = warc_records(4, 300);
  records[2] = warc_record("response", uri(2), page(2, 200'000));
  for (const std::string& file :
       {joined(records), gzip_each(records), gzip_text(joined(records))}) {
    const Outcome outcome = read_all(file, 300, {.max_block_bytes = 1000});
    EXPECT_EQ(outcome.uris, uris({0, 1, 3}));
    EXPECT_EQ(outcome.statistics.oversized, 1u);
    EXPECT_EQ(outcome.statistics.damaged, 0u);
  }
}

TEST(WarcReader, AHugeLengthEndsAtTheNextMember) {
  auto records = warc_records(4, 300);
  for (const char* length : {"18446744073709551615", "1000000000000"}) {
    records[1] = warc_record("response", uri(1), page(1, 301), length);
    const Outcome outcome = read_all(gzip_each(records), 300);
    EXPECT_EQ(outcome.uris, uris({0, 2, 3})) << length;
    EXPECT_EQ(outcome.statistics.oversized, 1u);
    EXPECT_EQ(outcome.statistics.damaged, 1u);
  }
}

/// A page that spells out a record, behind a large page of the same site.
TEST(WarcReader, ABlockCannotForgeARecord) {
  const std::string forged = "\r\n\r\n" + warc_record("response", "http://bank.example/", "forged");
  const std::string large = std::string(5000, 'x') + forged;
  const std::string file = joined(
      {warc_record("response", uri(0), page(0, 300)), warc_record("response", uri(1), large)});
  for (const size_t max_block_bytes : {1000u, 100'000u}) {
    WarcReader reader(memory_stream(as_bytes(file), "x"), {.max_block_bytes = max_block_bytes});
    while (const auto record = reader.next())
      EXPECT_TRUE(record->target_uri.starts_with(uri(0).substr(0, 18)));
    EXPECT_EQ(reader.statistics().records + reader.statistics().oversized, 2u);
  }
}

/// Every kind of damage in 100 of 10,000 records.
TEST(WarcReader, DamagedRecordsCostThemselvesAlone) {
  constexpr size_t kCount = 10'000;
  Rng rng(testing::seeded(7));
  std::string file;
  std::vector<std::string> expected;
  for (size_t i = 0; i < kCount; ++i) {
    const std::string block = page(i, 200 + i % 100);
    std::string record = gzip_text(warc_record("response", uri(i), block));
    if (i % 100 != 50) {
      expected.push_back(uri(i));
    } else if (i % 400 == 50) {
      record = record.substr(0, 1 + rng.below(record.size() - 1));  // cut off
    } else if (i % 400 == 150) {
      record[rng.below(record.size() - 4) / 2 + 10] ^= 0x55;  // bit rot
    } else if (i % 400 == 250) {
      record = gzip_text(warc_record("response", uri(i), block, std::to_string(block.size() * 2)));
    } else {
      record = std::string(record.size(), '\0');  // lost blocks of a disk
    }
    file += record;
  }
  const Outcome outcome = read_all(file, 200);
  EXPECT_EQ(outcome.uris, expected);
  EXPECT_EQ(outcome.statistics.damaged, 100u);
}

TEST(WarcReader, AMemberWithAWrongChecksumGivesNoRecord) {
  auto records = warc_records(3, 300);
  std::string second = gzip_text(records[1]);
  second[second.size() - 8] ^= 1;
  const Outcome outcome = read_all(gzip_text(records[0]) + second + gzip_text(records[2]), 300);
  EXPECT_EQ(outcome.uris, uris({0, 2}));
  EXPECT_EQ(outcome.statistics.damaged, 1u);
  EXPECT_EQ(outcome.statistics.skipped_compressed_bytes, second.size());
}

TEST(WarcReader, TheTotalLimitIsAnError) {
  const std::string file = gzip_each(warc_records(10, 300));
  WarcReader reader(memory_stream(as_bytes(file), "x", {.max_output = 2000}));
  EXPECT_THROW(
      {
        while (reader.next()) {
        }
      },
      Error);
}

}  // namespace
}  // namespace flamingo::crawl
