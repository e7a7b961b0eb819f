#include "flamingo/corpus/warc_store.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/url/url.h"

namespace flamingo::corpus {
namespace {

/// Some writers put a URI into the angle brackets of WARC 1.0's grammar.
std::string without_brackets(std::string_view text) {
  const bool bracketed = text.starts_with('<') && text.ends_with('>') && text.size() > 1;
  return std::string(bracketed ? text.substr(1, text.size() - 2) : text);
}

/// An address at a time.
std::string capture_key(std::string_view normal_url, std::string_view date) {
  if (normal_url.empty() || date.empty()) return {};
  return std::string(normal_url) + " " + std::string(date);
}

/// Hexadecimal digits of the bytes that base 32 stands for, in lower case; "" for other text.
std::string hex_of_base32(std::string_view text) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  std::string hex;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const size_t value = kDigits.find(c);
    if (value == kDigits.npos) return {};
    bits = bits << 5 | static_cast<uint32_t>(value);
    for (num_bits += 5; num_bits >= 4; num_bits -= 4)
      hex += "0123456789abcdef"[bits >> (num_bits - 4) & 15];
    bits &= (1u << num_bits) - 1;
  }
  return hex;
}

/// "sha1:3f2a...": the payload's digest, which archives write in base 32 or 16, in either case.
std::string digest_of(const crawl::WarcRecord& record) {
  const std::string digest = ascii_lower(record.headers.value("WARC-Payload-Digest"));
  const size_t colon = digest.find(':');
  const std::string_view value = std::string_view(digest).substr(colon + 1);
  constexpr size_t kSha1Base32 = 32, kSha256Base32 = 52;
  const bool sha1 = digest.starts_with("sha1:") || digest.starts_with("sha-1:");
  const bool sha256 = digest.starts_with("sha256:") || digest.starts_with("sha-256:");
  const size_t size = std::min(value.find('='), value.size());
  const bool base32 = (sha1 && size == kSha1Base32) || (sha256 && size == kSha256Base32);
  if (!sha1 && !sha256) return digest;
  constexpr size_t kSha256Hex = 64;
  const std::string hex = base32 ? hex_of_base32(value).substr(0, kSha256Hex) : std::string(value);
  return (sha1 ? "sha1:" : "sha256:") + hex;
}

bool is_end(const WarcStore::Entry& entry) {
  return entry.kind != AnswerKind::kRedirect && entry.kind != AnswerKind::kRevisit;
}

int rank(const WarcStore::Entry& entry) {
  if (!is_end(entry)) return 1;
  if (entry.reason != crawl::FetchReason::kOk) return 0;
  return entry.kind == AnswerKind::kPicture ? 3 : 2;
}

/// The first that ends the way, else the first that is not null.
const WarcStore::Entry* first_of(std::span<const WarcStore::Entry* const> entries) {
  const auto ends = [](const WarcStore::Entry* entry) {
    return entry != nullptr && is_end(*entry);
  };
  const auto exists = [](const WarcStore::Entry* entry) { return entry != nullptr; };
  auto found = std::ranges::find_if(entries, ends);
  if (found == entries.end()) found = std::ranges::find_if(entries, exists);
  return found == entries.end() ? nullptr : *found;
}

}  // namespace

void WarcStore::add(uint64_t number, const crawl::WarcRecord& record, WarcAnswer answer) {
  Entry& entry = *entries_.emplace_back(std::make_unique<Entry>());
  entry.kind = answer.kind;
  entry.reason = answer.reason;
  entry.record = number;
  entry.url = record.target_uri;
  entry.digest = digest_of(record);
  entry.mime = std::move(answer.message.mime);
  for (const auto tag : answer.message.headers.all("X-Robots-Tag"))
    entry.use_tags.emplace_back(tag);
  if (entry.kind == AnswerKind::kRedirect) {
    const auto target = url::resolve_url(entry.url, answer.message.headers.value("Location"));
    if (target) entry.leads_to = url::normalise_url(*target);
  }
  const uint64_t size = answer.message.body.size();
  if (entry.kind == AnswerKind::kPicture && bytes_ + size <= max_bytes_) {
    bytes_ += size;
    entry.body = std::move(answer.message.body);
    entry.kept = true;
  }
  index(record, entry);
}

void WarcStore::index(const crawl::WarcRecord& record, const Entry& entry) {
  const std::string url = url::normalise_url(entry.url);
  const auto [place, is_new] = by_url_.emplace(url, &entry);
  if (!is_new && rank(entry) > rank(*place->second)) place->second = &entry;
  if (entry.kind == AnswerKind::kRevisit) {
    const auto header = [&](const char* name) {
      return without_brackets(record.headers.value(name));
    };
    const std::string target = url::normalise_url(header("WARC-Refers-To-Target-URI"));
    originals_[&entry] = {.id = header("WARC-Refers-To"),
                          .date = header("WARC-Refers-To-Date"),
                          .url = target.empty() ? url : target};
  }
  if (entry.reason != crawl::FetchReason::kOk) return;
  const auto note = [&](Index& by, std::string key) {
    if (key.empty()) return;
    const auto [place, is_new] = by.emplace(std::move(key), &entry);
    if (!is_new && !is_end(*place->second) && is_end(entry)) place->second = &entry;
  };
  note(by_id_, record.id);
  note(by_capture_, capture_key(url, record.date));
  if (is_end(entry)) note(by_digest_, entry.digest);
}

const WarcStore::Entry* WarcStore::original_of(const Entry& revisit) const {
  const Original& original = originals_.at(&revisit);
  const auto look = [&](const Index& by, const std::string& key) -> const Entry* {
    const auto it = key.empty() ? by.end() : by.find(key);
    return it == by.end() || it->second == &revisit ? nullptr : it->second;
  };
  const Entry* same_url = original.date.empty() ? look(by_url_, original.url) : nullptr;
  if (same_url && !same_url->digest.empty() && !revisit.digest.empty()) same_url = nullptr;
  const std::array named{look(by_id_, original.id),
                         look(by_capture_, capture_key(original.url, original.date)),
                         look(by_digest_, revisit.digest), same_url};
  return first_of(named);
}

WarcStore::Found WarcStore::follow(const Entry& entry) const {
  Found found;
  const Entry* at = &entry;
  for (int hops = 0; at != nullptr; ++hops) {
    if (at->kind != AnswerKind::kRedirect)
      found.use_tags.insert(found.use_tags.end(), at->use_tags.begin(), at->use_tags.end());
    if (is_end(*at)) {
      found.entry = at;
      found.reason = at->reason;
      return found;
    }
    if (hops == kMaxHops) {
      found.reason = crawl::FetchReason::kRedirects;
      return found;
    }
    if (at->kind == AnswerKind::kRevisit) {
      at = original_of(*at);
    } else {
      const auto it = by_url_.find(at->leads_to);
      at = it == by_url_.end() ? nullptr : it->second;
    }
  }
  return found;
}

WarcStore::Found WarcStore::find(const std::string& url) const {
  const auto it = by_url_.find(url::normalise_url(url));
  return it == by_url_.end() ? Found() : follow(*it->second);
}

}  // namespace flamingo::corpus
