#include "flamingo/crawl/picture_source.h"

#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/url/host.h"
#include "flamingo/url/percent.h"

namespace flamingo::crawl {
namespace {

namespace fs = std::filesystem;

FetchResult result_of(const std::string& url, FetchReason reason, std::string bytes = {}) {
  FetchResult result;
  result.url = result.final_url = url;
  result.reason = reason;
  result.bytes = std::move(bytes);
  return result;
}

/// The path in a file: URL of this machine or in a relative reference; nothing for other schemes,
/// other hosts and paths with a NUL.
std::optional<std::string> path_of(std::string_view url) {
  for (const std::string_view prefix : {"file://localhost/", "file:///"}) {
    if (!ascii_iequal(url.substr(0, prefix.size()), prefix)) continue;
    url.remove_prefix(prefix.size() - 1);
    break;
  }
  const size_t mark = url.find_first_of(":/?#");
  if (mark != std::string_view::npos && url[mark] == ':') return std::nullopt;
  if (url.starts_with("//")) return std::nullopt;
  std::string path = url::percent_decode(url.substr(0, url.find_first_of("?#")));
  if (path.empty() || path.find('\0') != std::string::npos) return std::nullopt;
  return path;
}

bool has_dot_dot(const fs::path& path) {
  for (const fs::path& piece : path) {
    if (piece == "..") return true;
  }
  return false;
}

}  // namespace

std::vector<FetchResult> MemoryPictures::get(std::span<const std::string> urls) {
  std::vector<FetchResult> results;
  for (const std::string& url : urls) {
    const auto it = pictures_.find(url);
    results.push_back(it == pictures_.end() ? result_of(url, FetchReason::kNotFound)
                                            : result_of(url, FetchReason::kOk, it->second));
  }
  return results;
}

FolderPictures::FolderPictures(const std::string& root, uint64_t max_bytes)
    : max_bytes_(max_bytes) {
  std::error_code error;
  const fs::path canonical = fs::canonical(root, error);
  require(!error && fs::is_directory(canonical), root, "expected a folder of pictures");
  root_ = canonical.string();
}

std::vector<FetchResult> FolderPictures::get(std::span<const std::string> urls) {
  std::vector<FetchResult> results;
  for (const std::string& url : urls) results.push_back(read(url));
  return results;
}

FetchResult FolderPictures::read(const std::string& url) const {
  const auto named = path_of(url);
  if (!named) return result_of(url, FetchReason::kBadUrl);
  if (has_dot_dot(*named)) return result_of(url, FetchReason::kRefused);
  std::error_code error;
  const fs::path path = fs::canonical(fs::path(root_) / *named, error);
  if (error) return result_of(url, FetchReason::kNotFound);
  if (!path.string().starts_with(root_ + "/")) return result_of(url, FetchReason::kRefused);
  if (!fs::is_regular_file(path, error)) return result_of(url, FetchReason::kNotFound);
  const uintmax_t size = fs::file_size(path, error);
  if (!error && size > max_bytes_) return result_of(url, FetchReason::kTooLarge);
  try {
    std::string bytes = read_file(path.string(), max_bytes_);
    const FetchReason reason = bytes.empty() ? FetchReason::kEmpty : FetchReason::kOk;
    return result_of(url, reason, std::move(bytes));
  } catch (const Error&) {
    return result_of(url, FetchReason::kNotFound);  // went away or may not be read
  }
}

WebPictures::WebPictures(FetchOptions options, std::optional<FetchCache> cache, FetchHooks hooks)
    : fetcher_(std::move(options), std::move(hooks)), cache_(std::move(cache)) {}

std::vector<FetchResult> WebPictures::get(std::span<const std::string> urls) {
  std::vector<FetchResult> results(urls.size());
  std::unordered_map<std::string_view, size_t> first_of;
  std::vector<size_t> missing;
  std::vector<std::string> missing_urls;
  for (size_t i = 0; i < urls.size(); ++i) {
    if (!first_of.emplace(urls[i], i).second) continue;
    if (auto cached = cache_ ? cache_->find(urls[i]) : std::nullopt) {
      results[i] = std::move(*cached);
    } else {
      missing.push_back(i);
      missing_urls.push_back(urls[i]);
    }
  }
  fetcher_.fetch(missing_urls, [&](size_t index, FetchResult result) {
    keep(result);
    results[missing[index]] = std::move(result);
  });
  for (size_t i = 0; i < urls.size(); ++i) {
    const size_t first = first_of.at(urls[i]);
    if (first == i) counts_.add(results[i]);
    if (first != i) results[i] = results[first];
  }
  return results;
}

/// Stores what the network said; what was refused without asking it is decided anew each time.
void WebPictures::keep(const FetchResult& result) const {
  const bool refused =
      result.reason == FetchReason::kBadUrl || result.reason == FetchReason::kRefused;
  if (cache_ && !(refused && result.attempts == 0)) cache_->store(result);
}

}  // namespace flamingo::crawl
