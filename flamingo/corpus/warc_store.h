#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flamingo/corpus/warc_answer.h"

namespace flamingo::corpus {

/// What a WARC file answers for each address, gathered while its pages are read, so that pictures
/// are found wherever they stand, after redirects and revisit records too.
class WarcStore {
 public:
  /// Bytes of pictures that are kept by default; those after have to be read again.
  static constexpr uint64_t kMaxBytes = 1ull << 30;
  /// Redirects and revisits that are followed from one address, as many as browsers follow.
  static constexpr int kMaxHops = 20;

  /// An answer, without the bytes of a page.
  struct Entry {
    AnswerKind kind = AnswerKind::kOther;
    crawl::FetchReason reason = crawl::FetchReason::kOk;
    uint64_t record = 0;  ///< its number in the file
    std::string url;      ///< as a browser spells it
    std::string mime;
    std::string digest;                 ///< of the payload, as the archive states it; may be empty
    std::vector<std::string> use_tags;  ///< X-Robots-Tag values
    std::string body;                   ///< of a picture that is kept
    bool kept = false;
    std::string leads_to;  ///< of a redirect: the normal form of the address
  };

  /// What an address comes down to. `entry` is null, with a reason, where the way ends in nothing
  /// or goes on for more than kMaxHops.
  struct Found {
    const Entry* entry = nullptr;
    crawl::FetchReason reason = crawl::FetchReason::kNotFound;
    std::vector<std::string> use_tags;  ///< of the revisits on the way and of the end
  };

  explicit WarcStore(uint64_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  /// Takes the answer of the file's record `number` (rising); its body only of a whole picture.
  void add(uint64_t number, const crawl::WarcRecord& record, WarcAnswer answer);

  /// The best answer for this address, in normal form or not: a picture or page before a redirect
  /// or revisit, that before none; of equal ones the first.
  Found find(const std::string& url) const;
  /// What a redirect or revisit comes down to. The original of a revisit is the record it names, of
  /// the address and time it names, or of the same payload digest; where it names no time and
  /// no two digests differ, of the same address. WARC 1.1, 6.7. (Another capture may have other
  /// bytes.)
  Found follow(const Entry& entry) const;

  const std::vector<std::unique_ptr<Entry>>& entries() const { return entries_; }

 private:
  /// How a revisit names its original; empty where it does not.
  struct Original {
    std::string id;
    std::string date;
    std::string url;  ///< normal form; its own where it names none
  };
  using Index = std::unordered_map<std::string, const Entry*>;

  void index(const crawl::WarcRecord& record, const Entry& entry);
  const Entry* original_of(const Entry& revisit) const;

  uint64_t max_bytes_;
  uint64_t bytes_ = 0;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::unordered_map<const Entry*, Original> originals_;  ///< of revisits
  Index by_url_;                                          ///< normal form: the best
  Index by_id_, by_capture_, by_digest_;                  ///< the first whole answer of each
};

}  // namespace flamingo::corpus
