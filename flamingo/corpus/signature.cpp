#include "flamingo/corpus/signature.h"

#include <algorithm>
#include <array>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/corpus/url_key.h"
#include "flamingo/corpus/words.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/io/crc.h"

namespace flamingo::corpus {
namespace {

constexpr std::string_view kMagic = "FLSG";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kCrcBytes = 4;
constexpr uint64_t kSignatureBytes = 36;  ///< without paragraphs and pictures

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

uint32_t count_words(std::string_view folded) {
  if (folded.empty()) return 0;
  return static_cast<uint32_t>(std::count(folded.begin(), folded.end(), ' ') + 1);
}

void put_signature(std::string& out, const Signature& signature, int64_t bands) {
  put(out, signature.url);
  put(out, signature.text.low);
  put(out, signature.text.high);
  put(out, signature.words);
  put(out, static_cast<uint32_t>(signature.paragraphs.size()));
  put(out, static_cast<uint32_t>(signature.pictures.size()));
  for (const ParagraphPrint& paragraph : signature.paragraphs) {
    require(std::ssize(paragraph.keys) == bands, "write_signatures",
            "expected one key for each band, got {}", paragraph.keys.size());
    put(out, paragraph.words);
    for (const uint64_t key : paragraph.keys) put(out, key);
  }
  for (const uint64_t picture : signature.pictures) put(out, picture);
}

/// `count` items of at least `bytes` each that must still fit.
uint64_t checked_count(const io::ByteReader& reader, uint64_t count, uint64_t bytes) {
  require(checked_mul(count, bytes, reader.where()) <= reader.remaining(), reader.where(),
          "expected as many items as the file can hold, got a count of {}", count);
  return count;
}

Signature read_signature(io::ByteReader& reader, uint64_t bands) {
  Signature signature;
  signature.url = reader.read<uint64_t>();
  signature.text.low = reader.read<uint64_t>();
  signature.text.high = reader.read<uint64_t>();
  signature.words = reader.read<uint32_t>();
  const auto paragraphs = reader.read<uint32_t>();
  const auto pictures = reader.read<uint32_t>();
  signature.paragraphs.resize(checked_count(reader, paragraphs, 4 + 8 * bands));
  for (ParagraphPrint& paragraph : signature.paragraphs) {
    paragraph.words = reader.read<uint32_t>();
    paragraph.keys.resize(bands);
    for (uint64_t& key : paragraph.keys) key = reader.read<uint64_t>();
  }
  signature.pictures.resize(checked_count(reader, pictures, 8));
  for (uint64_t& picture : signature.pictures) picture = reader.read<uint64_t>();
  return signature;
}

/// What of a signature file's head depends on the settings.
std::string settings_bytes(const FingerprintConfig& config) {
  std::string out;
  for (const int64_t value : {config.shingle_words, config.bands, config.rows, config.min_words}) {
    put(out, static_cast<uint32_t>(value));
  }
  return out;
}

/// For settings_bytes() of other settings than this run's.
[[noreturn]] void refuse_settings(std::string_view made_with, const std::string& where) {
  io::ByteReader reader(std::as_bytes(std::span(made_with)), where);
  std::array<uint32_t, 4> values = {};
  for (uint32_t& value : values) value = reader.read<uint32_t>();
  fail(where,
       "expected signatures made with this run's fingerprint settings, got shingle_words {}, "
       "bands {}, rows {} and min_words {}",
       values[0], values[1], values[2], values[3], Hint{"sign the shard again"});
}

/// The bytes between magic and checksum, which is checked.
std::span<const std::byte> checked_body(std::span<const std::byte> bytes,
                                        const std::string& where) {
  io::ByteReader head(bytes, where);
  require(head.take_text(kMagic.size()) == kMagic, where,
          "expected a signature file, got a file that starts otherwise");
  require(bytes.size() >= kMagic.size() + kCrcBytes, where,
          "expected a checksum at the end, got a file that is cut off");
  const auto checked = bytes.first(bytes.size() - kCrcBytes);
  const auto recorded = io::ByteReader(bytes.last(kCrcBytes), where).read<uint32_t>();
  const uint32_t crc = io::crc32(checked);
  require(recorded == crc, where, "expected bytes with the recorded CRC-32 {}, got {}", recorded,
          crc, Hint{"the file is damaged"});
  return checked.subspan(kMagic.size());
}

}  // namespace

SignedDocument sign_document(const document::Document& document, const ParagraphHasher& hasher,
                             std::span<const uint64_t> pictures) {
  SignedDocument result;
  Signature& signature = result.signature;
  TextHasher whole;
  for (size_t i = 0; i < document.parts.size(); ++i) {
    const std::string_view text = document.parts[i].text;
    std::string_view rest = text;
    for (std::string_view paragraph; next_paragraph(rest, paragraph);) {
      const std::string folded = fold_text(paragraph);
      const uint32_t words = count_words(folded);
      whole.add(folded);
      signature.words += words;
      if (words < hasher.config().min_words) continue;
      signature.paragraphs.push_back({words, hasher.keys(folded)});
      result.places.push_back(
          {i, static_cast<size_t>(paragraph.data() - text.data()), paragraph.size()});
    }
  }
  signature.url = url_key(document.url);
  signature.text = whole.hash();
  signature.pictures.assign(pictures.begin(), pictures.end());
  return result;
}

void remove_paragraphs(document::Document& document, std::span<const ParagraphPlace> places,
                       std::span<const uint32_t> removed) {
  for (auto index = removed.rbegin(); index != removed.rend(); ++index) {
    const ParagraphPlace& place = places[*index];
    std::string& text = document.parts[place.part].text;
    const size_t end = place.offset + place.length;
    const size_t next = std::min(text.find_first_not_of('\n', end), text.size());
    text.erase(place.offset, next - place.offset);
  }
  std::erase_if(document.parts, [](const document::Part& part) {
    return part.is_text() && trim(part.text).empty();
  });
}

std::string write_signatures(std::span<const Signature> signatures,
                             const FingerprintConfig& config) {
  std::string out(kMagic);
  put(out, kVersion);
  out += settings_bytes(config);
  put(out, static_cast<uint64_t>(signatures.size()));
  for (const Signature& signature : signatures) put_signature(out, signature, config.bands);
  put(out, io::crc32(std::as_bytes(std::span(out))));
  return out;
}

std::vector<Signature> read_signatures(std::span<const std::byte> bytes,
                                       const FingerprintConfig& config, const std::string& where) {
  io::ByteReader reader(checked_body(bytes, where), where);
  const auto version = reader.read<uint32_t>();
  require(version == kVersion, where, "expected signatures of version 1, got version {}", version);
  const std::string settings = settings_bytes(config);
  const std::string_view made_with = reader.take_text(settings.size());
  if (made_with != settings) refuse_settings(made_with, where);
  const auto count = reader.read<uint64_t>();
  std::vector<Signature> signatures;
  signatures.reserve(checked_count(reader, count, kSignatureBytes));
  for (uint64_t i = 0; i < count; ++i) {
    signatures.push_back(read_signature(reader, static_cast<uint64_t>(config.bands)));
  }
  require(reader.remaining() == 0, where, "expected nothing after the last signature, got more");
  return signatures;
}

}  // namespace flamingo::corpus
