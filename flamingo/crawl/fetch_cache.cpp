#include "flamingo/crawl/fetch_cache.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/temporary_file.h"
#include "flamingo/core/write_all.h"
#include "flamingo/io/sha256.h"

namespace flamingo::crawl {
namespace {

constexpr size_t kDigestDigits = 64;
constexpr uint64_t kMaxHeaderBytes = 64 << 10;

/// The JSON line of an entry.
struct EntryHeader {
  std::string url;
  std::string final_url;
  int status = 0;
  std::string content_type;
  FetchReason reason = FetchReason::kOk;
  int attempts = 0;
  int64_t time = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("url", url, "as it was asked for");
    v("final_url", final_url, "after all redirects");
    v("status", status, "of HTTP");
    v("content_type", content_type, "without parameters");
    v("reason", reason, "how asking ended");
    v("attempts", attempts, "times it was asked for");
    v("time", time, "Unix seconds when it was stored");
  }
};

/// A URL as JSON can hold it whatever its bytes are.
std::string as_ascii(std::string_view url) {
  std::string ascii;
  for (const char c : url) {
    if (is_ascii_graphic(c)) {
      ascii += c;
    } else {
      append_percent(c, ascii);
    }
  }
  return ascii;
}

/// Failures that say more about the day than about the picture.
bool may_heal(FetchReason reason) {
  using enum FetchReason;
  return is_transient(reason) || reason == kDns || reason == kTls || reason == kRobotsUnreachable ||
         reason == kBadReply;
}

/// Renames a whole file into place without waiting for the disk, as AtomicFile would twice: what a
/// crash leaves of an entry fails its digest and is asked for again.
void write_unsynced(const std::string& path, const std::string& bytes) {
  const std::string temporary = temporary_path(path);
  const int fd = open_temporary(path);
  std::error_code error;
  try {
    write_all(fd, bytes, path);
    std::filesystem::rename(temporary, path, error);
    if (error) fail(path, "expected to write a cache entry, got {}", error.message());
  } catch (const Error&) {
    std::filesystem::remove(temporary, error);
    ::close(fd);
    throw;
  }
  ::close(fd);
}

}  // namespace

FetchCache::FetchCache(std::string folder, FetchCacheOptions options, std::function<int64_t()> now)
    : folder_(std::move(folder)),
      options_(options),
      now_(now ? std::move(now) : [] { return std::time(nullptr); }) {
  make_folder(folder_);
}

std::string FetchCache::path(const std::string& url) const {
  const std::string digest = io::sha256_hex(url);
  return folder_ + "/" + digest.substr(0, 2) + "/" + digest.substr(2, 2) + "/" + digest;
}

bool FetchCache::is_due(FetchReason reason, int64_t stored) const {
  if (reason == FetchReason::kOk) return false;
  const int64_t life = may_heal(reason) ? options_.transient_seconds : options_.final_seconds;
  return now_() >= stored + life;
}

std::optional<FetchResult> FetchCache::find(const std::string& url) const {
  const std::string file = path(url);
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    const std::string entry = read_file(file, options_.max_bytes + kMaxHeaderBytes);
    const std::string_view rest =
        std::string_view(entry).substr(std::min(entry.size(), kDigestDigits + 1));
    if (entry.substr(0, kDigestDigits + 1) != io::sha256_hex(rest) + "\n") return std::nullopt;
    const size_t header_end = rest.find('\n');
    EntryHeader header;
    config_from_json(parse_json(rest.substr(0, header_end), file), header, file);
    if (header.url != as_ascii(url) || is_due(header.reason, header.time)) return std::nullopt;
    return FetchResult{url,
                       header.final_url,
                       header.status,
                       header.content_type,
                       std::string(rest.substr(header_end + 1)),
                       header.reason,
                       header.attempts,
                       true};
  } catch (const Error&) {
    return std::nullopt;  // an entry that cannot be read is asked for again
  }
}

void FetchCache::store(const FetchResult& result) const {
  EntryHeader header{as_ascii(result.url),
                     as_ascii(result.final_url),
                     result.status,
                     as_ascii(result.content_type),
                     result.reason,
                     result.attempts,
                     now_()};
  const std::string rest = config_to_json(header).dump() + "\n" + result.bytes;
  const std::string file = path(result.url);
  make_folder(std::filesystem::path(file).parent_path());
  write_unsynced(file, io::sha256_hex(rest) + "\n" + rest);
}

}  // namespace flamingo::crawl
