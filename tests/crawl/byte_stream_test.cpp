#include "flamingo/crawl/byte_stream.h"

#include <gtest/gtest.h>
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>

#include <array>
#include <string>
#include <vector>

#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

using testing::as_bytes;
using testing::deflate_text;
using testing::error_of;
using testing::gzip_text;
using testing::kRawBits;
using testing::kZlibBits;
using testing::TemporaryFolder;
using testing::zstd_text;

/// A stream read to its end, with a resync after each damage.
struct StreamOutcome {
  std::string bytes;                ///< of all members
  std::vector<uint64_t> damaged;    ///< offsets
  std::vector<uint64_t> untrusted;  ///< bytes of each damaged member
  uint64_t skipped = 0;
};

StreamOutcome read_all(ByteStream& stream, size_t step = 4096) {
  StreamOutcome outcome;
  std::vector<std::byte> buffer(step);
  while (true) {
    try {
      const size_t size = stream.read(buffer);
      outcome.bytes.append(reinterpret_cast<const char*>(buffer.data()), size);
      if (size == 0) break;
    } catch (const StreamDamage& damage) {
      outcome.damaged.push_back(damage.offset);
      outcome.untrusted.push_back(damage.member_output);
      if (!stream.resync()) break;
    }
  }
  outcome.skipped = stream.skipped_bytes();
  return outcome;
}

StreamOutcome read_all(const std::string& bytes, size_t step = 4096) {
  std::string exact(bytes);
  exact.shrink_to_fit();
  return read_all(*memory_stream(as_bytes(exact), "x.gz"), step);
}

/// Words that compress to about half.
std::string words(uint64_t seed, size_t size) {
  Rng rng(seed);
  std::string text;
  while (text.size() < size) text += static_cast<char>('a' + rng.below(16));
  return text;
}

TEST(ByteStream, ReadsPlainGzipAndZstdAlike) {
  const std::string a = words(1, 100'000), b = words(2, 70'000);
  for (const size_t step : {1u, 7u, 65536u, 1u << 20}) {
    for (const std::string& file :
         {a + b, gzip_text(a) + gzip_text("") + gzip_text(b), zstd_text(a) + zstd_text(b),
          "\x50\x2A\x4D\x18\x02" + std::string("\0\0\0zz", 5) + zstd_text(a) + zstd_text(b)}) {
      const StreamOutcome outcome = read_all(file, step);
      EXPECT_EQ(outcome.bytes, a + b);
      EXPECT_TRUE(outcome.damaged.empty());
    }
  }
  EXPECT_EQ(read_all("").bytes, "");
}

/// RFC 1952, 2.3.1: of the header only magic, method and reserved flags can be wrong.
TEST(ByteStream, ReadsGzipOfEverySystemWithEveryField) {
  const std::string plain = gzip_text("one");
  std::string file;
  for (const int system : {0, 3, 13, 14, 19, 200, 255}) {  // zlib on macOS writes 19
    std::string member = plain;
    member[9] = static_cast<char>(system);
    EXPECT_EQ(read_all(member).bytes, "one") << system;
    file += member;
  }
  EXPECT_EQ(read_all(file).bytes, "oneoneoneoneoneoneone");
  std::string named = plain;
  named[3] = 1 | 4 | 8 | 16;  // text, extra field, name, comment
  named.insert(10, std::string("\x03\0abcname\0comment\0", 18));
  EXPECT_EQ(read_all(named + plain).bytes, "oneone");
  std::string checked = plain;
  checked[3] = 2;  // CRC-16 of the header
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), 10);
  checked.insert(10, {static_cast<char>(sum), static_cast<char>(sum >> 8)});
  EXPECT_EQ(read_all(checked).bytes, "one");
  for (const int flag : {0x20, 0x40, 0x80}) {
    std::string reserved = plain;
    reserved[3] = static_cast<char>(flag);
    EXPECT_EQ(read_all(plain + reserved + plain).bytes, "oneone") << flag;
    EXPECT_EQ(read_all(plain + reserved).damaged, (std::vector<uint64_t>{plain.size()}));
  }
}

class ZstdDictionary : public ::testing::Test {
 protected:
  /// A dictionary with this number, of words that compress to about half.
  std::string train(uint64_t number) {
    std::string samples;
    std::vector<size_t> sizes(400, 300);
    for (size_t i = 0; i < sizes.size(); ++i) samples += phrase(number * 1000 + i);
    std::string dictionary(4 << 10, '\0');
    ZDICT_params_t params{};
    params.dictID = static_cast<unsigned>(number);
    ZDICT_fastCover_params_t cover{.k = 200, .d = 6, .f = 16, .steps = 1, .zParams = params};
    dictionary.resize(ZDICT_trainFromBuffer_fastCover(dictionary.data(), dictionary.size(),
                                                      samples.data(), sizes.data(),
                                                      static_cast<unsigned>(sizes.size()), cover));
    return dictionary;
  }
  /// 300 bytes of a few words.
  std::string phrase(uint64_t seed) {
    Rng rng(seed);
    std::string text;
    while (text.size() < 300) text += words(rng.below(20), 12) + " ";
    return text.substr(0, 300);
  }
  std::string pack(const std::string& text, const std::string& dictionary, bool named = true) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, named);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_loadDictionary(context, dictionary.data(), dictionary.size());
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
    ZSTD_freeCCtx(context);
    return out;
  }
  std::string frame(const std::string& content) {
    return testing::ByteBuilder()
        .number<uint32_t>(0x184D2A5D)
        .number(static_cast<uint32_t>(content.size()))
        .text(content)
        .str();
  }
};

TEST_F(ZstdDictionary, StandsInAFrameInFront) {
  const std::string dictionary = train(7), text = phrase(1), other = phrase(2);
  const std::string packed = pack(text, dictionary) + pack(other, dictionary, false);
  for (const std::string& front : {frame(dictionary), frame(zstd_text(dictionary))}) {
    const StreamOutcome outcome = read_all(front + packed + zstd_text("plain"));
    EXPECT_EQ(outcome.bytes, text + other + "plain");
    EXPECT_TRUE(outcome.damaged.empty());
  }
  EXPECT_FALSE(read_all(packed).damaged.empty()) << "the dictionary is needed";
  EXPECT_FALSE(read_all(frame(train(8)) + pack(text, dictionary)).damaged.empty());
}

TEST_F(ZstdDictionary, SeveralGoByTheirNumbers) {
  const std::string first = train(7), second = train(8), text = phrase(1), other = phrase(2);
  EXPECT_EQ(read_all(frame(first) + frame(second) + pack(text, first) + pack(other, second)).bytes,
            text + other);
  EXPECT_EQ(
      read_all(frame(first) + pack(text, first, false) + frame(second) + pack(other, second, false))
          .bytes,
      text + other);
}

TEST_F(ZstdDictionary, OtherUsesOfTheFrameAndDamageCostNothingElse) {
  const std::string dictionary = train(7), text = phrase(1);
  for (const std::string& odd : {std::string(), std::string("metadata"), zstd_text("metadata")}) {
    const StreamOutcome outcome = read_all(frame(odd) + frame(dictionary) + pack(text, dictionary));
    EXPECT_EQ(outcome.bytes, text);
    EXPECT_TRUE(outcome.damaged.empty());
  }
  std::string nested = frame("x");
  while (nested.size() < 100'000) nested = frame(zstd_text("y") + nested);
  EXPECT_EQ(read_all(nested + zstd_text("z")).bytes, "z") << "not read one within the other";
  const std::string cut = frame(dictionary).substr(0, 1000);
  EXPECT_FALSE(read_all(cut).damaged.empty());
}

TEST(ByteStream, ReadsAFileWhateverItsName) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("a.txt"), gzip_text("hello"));
  write_file_atomic(folder.file("b.gz"), "plain");
  EXPECT_EQ(read_all(*file_stream(folder.file("a.txt"))).bytes, "hello");
  EXPECT_EQ(read_all(*file_stream(folder.file("b.gz"))).bytes, "plain");
  EXPECT_THROW(file_stream(folder.file("none")), Error);
}

TEST(ByteStream, AReadNeverCrossesAMember) {
  const std::string file = gzip_text("one") + gzip_text("two");
  const auto stream = memory_stream(as_bytes(file), "x");
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(stream->member(), 0u);
  EXPECT_EQ(stream->read(buffer), 3u);
  EXPECT_EQ(stream->member(), 1u);
  EXPECT_EQ(stream->read(buffer), 3u);
  EXPECT_EQ(stream->member(), 2u);
  EXPECT_EQ(stream->read(buffer), 0u);
}

TEST(ByteStream, ZerosMayFillTheEnd) {
  const StreamOutcome outcome = read_all(gzip_text("hello") + std::string(1000, '\0'));
  EXPECT_EQ(outcome.bytes, "hello");
  EXPECT_TRUE(outcome.damaged.empty());
}

TEST(ByteStream, AMemberThatIsCutOffLosesItselfAlone) {
  const std::string a = words(1, 5000), b = words(2, 5000), c = words(3, 5000);
  const std::string first = gzip_text(a), second = gzip_text(b), third = gzip_text(c);
  for (size_t cut = 0; cut < second.size(); ++cut) {
    const std::string file = first + second.substr(0, cut) + third;
    const StreamOutcome outcome = read_all(file);
    ASSERT_TRUE(outcome.bytes.starts_with(a)) << cut;
    ASSERT_TRUE(outcome.bytes.ends_with(c)) << cut;
    if (cut == 0) continue;
    ASSERT_FALSE(outcome.damaged.empty()) << cut;
    ASSERT_EQ(outcome.damaged[0], first.size()) << cut;
    ASSERT_EQ(outcome.skipped, cut) << cut;
  }
}

TEST(ByteStream, TheLastMemberMayBeCutOff) {
  for (const bool zstd : {false, true}) {
    const auto pack = zstd ? zstd_text : gzip_text;
    const std::string first = pack("first"), second = pack(words(1, 3000));
    for (size_t cut = 1; cut < second.size(); ++cut) {
      const StreamOutcome outcome = read_all(first + second.substr(0, cut));
      ASSERT_TRUE(outcome.bytes.starts_with("first"));
      ASSERT_EQ(outcome.damaged, (std::vector<uint64_t>{first.size()})) << cut;
      ASSERT_EQ(outcome.skipped, cut);
      ASSERT_EQ(outcome.untrusted[0], outcome.bytes.size() - 5) << cut;
    }
  }
}

TEST(ByteStream, NamesTheCompressedOffset) {
  std::string file = gzip_text("first") + gzip_text("second");
  const size_t at = gzip_text("first").size();
  file[file.size() - 6] ^= 1;  // in the checksum
  const auto stream = memory_stream(as_bytes(file), "x.gz");
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(stream->read(buffer), 5u);
  EXPECT_EQ(stream->read(buffer), 6u);
  const std::string message = error_of([&] { stream->read(buffer); });
  EXPECT_NE(message.find("[x.gz] expected a whole compressed member at byte " + std::to_string(at)),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("incorrect data check"), std::string::npos) << message;
  EXPECT_THROW(stream->read(buffer), StreamDamage);  // until resync
  EXPECT_FALSE(stream->resync());
  EXPECT_EQ(stream->read(buffer), 0u);
}

/// Every byte of a member's magic and data, one after the other: its neighbours stay.
TEST(ByteStream, FlipsLoseOneMember) {
  const std::string a = words(1, 300), b = words(2, 300), c = words(3, 300);
  for (const bool zstd : {false, true}) {
    const auto pack = zstd ? zstd_text : gzip_text;
    const std::string members[] = {pack(a), pack(b), pack(c)};
    const std::string file = members[0] + members[1] + members[2];
    Rng rng(testing::seeded(5));
    for (size_t i = 0; i < file.size(); ++i) {
      std::string damaged = file;
      damaged[i] ^= static_cast<char>(1 + rng.below(255));
      const StreamOutcome outcome = read_all(damaged);
      const size_t hit = i < members[0].size()                       ? 0
                         : i < members[0].size() + members[1].size() ? 1
                                                                     : 2;
      if (hit != 0) {
        ASSERT_TRUE(outcome.bytes.starts_with(a)) << i;
      }
      if (hit != 1) {
        ASSERT_NE(outcome.bytes.find(b), std::string::npos) << i;
      }
      if (hit != 2) {
        ASSERT_TRUE(outcome.bytes.ends_with(c)) << i;
      }
      ASSERT_TRUE(!outcome.damaged.empty() || outcome.bytes == a + b + c) << i;
    }
  }
}

TEST(ByteStream, ABombLosesItselfAlone) {
  const std::string bomb = gzip_text(std::string(8 << 20, 'x'));
  const std::string file = gzip_text("a") + bomb + gzip_text("b");
  const auto stream = memory_stream(as_bytes(file), "x", {.max_ratio = 100});
  const StreamOutcome outcome = read_all(*stream);
  EXPECT_TRUE(outcome.bytes.ends_with("b"));
  EXPECT_LT(outcome.bytes.size(), 2u << 20);
  EXPECT_EQ(outcome.damaged, (std::vector<uint64_t>{gzip_text("a").size()}));
  const auto patient = memory_stream(as_bytes(file), "x", {.max_ratio = 1100});  // of deflate: 1032
  EXPECT_EQ(read_all(*patient).bytes.size(), (8u << 20) + 2);
}

TEST(ByteStream, TheTotalOutputIsCapped) {
  const std::string file = gzip_text("12345") + gzip_text("67890");
  for (const std::string& bytes : {file, std::string("1234567890")}) {
    const auto stream = memory_stream(as_bytes(bytes), "x", {.max_output = 9});
    std::array<std::byte, 5> buffer;
    EXPECT_EQ(stream->read(buffer), 5u);
    try {
      stream->read(buffer);
      FAIL() << "expected an Error";
    } catch (const StreamDamage&) {
      FAIL() << "expected an Error that no resync gets over";
    } catch (const Error&) {
    }
    EXPECT_THROW(stream->read(buffer), Error);
  }
}

/// A chain of gzip headers inside stored blocks, each of which reads on to the end of the file: a
/// search that always went back would inflate half a gigabyte times a hundred thousand.
TEST(ByteStream, FalseStartsTakeLinearTime) {
  const std::string header("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);
  const std::string stored("\0\xEB\xFF\x14\0", 5);  // 65,515 bytes, up to another such block
  std::string file;
  while (file.size() < (3 << 19)) file += header + stored;
  const StreamOutcome outcome = read_all(file, 65536);
  EXPECT_FALSE(outcome.damaged.empty());
  EXPECT_LT(outcome.bytes.size(), 8 * file.size());
}

TEST(InflateBytes, UndoesEveryCoding) {
  const std::string text = words(1, 200'000);
  const std::pair<const char*, std::string> cases[] = {
      {"gzip", gzip_text(text)},
      {"X-GZip", gzip_text(text)},
      {"deflate", deflate_text(text, kZlibBits)},
      {"deflate", deflate_text(text, kRawBits)},
      {"zstd", zstd_text(text)},
      {"br", testing::brotli_text(text)},
      {"Br", testing::brotli_text(text) + "behind"},
      {"identity", text},
      {"gzip", gzip_text(text) + "behind"},
      {"gzip", gzip_text(text.substr(0, 999)) + gzip_text("") + gzip_text(text.substr(999))},
      {"zstd", zstd_text(text.substr(0, 999)) + zstd_text(text.substr(999)) + "behind"},
  };
  for (const auto& [encoding, bytes] : cases) {
    const Inflated result = inflate_bytes(encoding, as_bytes(bytes), {}, "x");
    EXPECT_EQ(result.bytes, text) << encoding;
    EXPECT_TRUE(result.complete) << encoding;
  }
}

TEST(InflateBytes, UndoesPackedBrotli) {
  const std::string packed(
      "\x1B\xB3\x00\xF8\xC5\x39\x97\xAA\xF4\xB1\xD8\x17\xFC\x38\x78\x3D\x6C\xC0\x01\x69\x20\x9E\xC4"
      "\xBC\x80\xDD\x03\xBC\xB0\x44\x41\x74\x34\xEF\x7A\xB3\xE7\x8C\x11\x13\xE2\x16\xA8\x14\xF9\x2F"
      "\x1B\x01",
      48);
  std::string text;
  for (int i = 0; i < 3; ++i)
    text += "flamingos stand on one leg, and flamingos sleep on one leg. ";
  EXPECT_EQ(inflate_bytes("br", as_bytes(packed), {}, "x").bytes, text);
  EXPECT_FALSE(inflate_bytes("br", as_bytes(packed.substr(0, 40)), {}, "x").complete);
}

TEST(InflateBytes, SaysWhenTheInputIsCutOff) {
  const std::string text = words(1, 3000);
  for (const std::string& bytes : {gzip_text(text), deflate_text(text, kZlibBits)}) {
    const char* encoding = bytes[0] == '\x1F' ? "gzip" : "deflate";
    for (size_t cut = 2; cut < bytes.size(); ++cut) {
      const Inflated result = inflate_bytes(encoding, as_bytes(bytes.substr(0, cut)), {}, "x");
      ASSERT_FALSE(result.complete) << cut;
      ASSERT_TRUE(text.starts_with(result.bytes)) << cut;
    }
  }
  EXPECT_FALSE(inflate_bytes("gzip", {}, {}, "x").complete);
}

TEST(InflateBytes, RefusesDamageBombsAndOtherCodings) {
  std::string damaged = gzip_text("hello");
  damaged[damaged.size() - 5] ^= 1;
  const std::string bomb = gzip_text(std::string(8 << 20, 'x'));
  EXPECT_THROW(inflate_bytes("gzip", as_bytes(damaged), {}, "x"), Error);
  EXPECT_THROW(inflate_bytes("gzip", as_bytes("no gzip at all"), {}, "x"), Error);
  EXPECT_THROW(inflate_bytes("br", as_bytes("no brotli at all"), {}, "x"), Error);
  EXPECT_THROW(inflate_bytes("compress", as_bytes("x"), {}, "x"), Error);
  EXPECT_THROW(inflate_bytes("gzip", as_bytes(bomb), {.max_output = 1000}, "x"), Error);
  EXPECT_THROW(inflate_bytes("gzip", as_bytes(bomb), {.max_ratio = 100}, "x"), Error);
  EXPECT_THROW(inflate_bytes("identity", as_bytes("12345"), {.max_output = 4}, "x"), Error);
}

}  // namespace
}  // namespace flamingo::crawl
