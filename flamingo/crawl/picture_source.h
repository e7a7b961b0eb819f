#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/crawl/fetch_cache.h"
#include "flamingo/crawl/fetch_result.h"
#include "flamingo/crawl/fetcher.h"

namespace flamingo::crawl {

/// Where the pictures of a page come from. A picture that cannot be had is a result with a reason,
/// never an exception.
class PictureSource {
 public:
  virtual ~PictureSource() = default;

  /// One result for each URL, in their order; best called for many at once.
  virtual std::vector<FetchResult> get(std::span<const std::string> urls) = 0;
  FetchResult get_one(const std::string& url) { return get({&url, 1}).front(); }
};

/// Pictures that are in memory already, such as those a WARC file holds beside its pages.
class MemoryPictures : public PictureSource {
 public:
  /// bytes by URL, exactly as get() will ask for it.
  explicit MemoryPictures(std::map<std::string, std::string> pictures)
      : pictures_(std::move(pictures)) {}

  std::vector<FetchResult> get(std::span<const std::string> urls) override;

 private:
  std::map<std::string, std::string> pictures_;
};

/// Pictures in a folder, named by file: URLs or by paths relative to it, percent-encoded where they
/// hold '%', '?' or '#'. Nothing outside is read: "..", other places and links that lead out are
/// refused.
class FolderPictures : public PictureSource {
 public:
  /// Throws Error unless root is a folder. max_bytes: of one picture.
  explicit FolderPictures(const std::string& root, uint64_t max_bytes = 20 << 20);

  std::vector<FetchResult> get(std::span<const std::string> urls) override;

 private:
  FetchResult read(const std::string& url) const;

  std::string root_;  ///< absolute, without links
  uint64_t max_bytes_;
};

/// Pictures from the web, each asked for once: through a cache on disk where one is given.
class WebPictures : public PictureSource {
 public:
  /// Throws Error as Fetcher and FetchCache do.
  explicit WebPictures(FetchOptions options, std::optional<FetchCache> cache = std::nullopt,
                       FetchHooks hooks = {});

  /// Throws Error when the cache cannot be written.
  std::vector<FetchResult> get(std::span<const std::string> urls) override;

  /// Of all calls so far, each URL of a call counted once.
  const FetchCounts& counts() const { return counts_; }

 private:
  void keep(const FetchResult& result) const;

  Fetcher fetcher_;
  std::optional<FetchCache> cache_;
  FetchCounts counts_;
};

}  // namespace flamingo::crawl
