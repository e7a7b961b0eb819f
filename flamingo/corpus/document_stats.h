#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/document/document_file.h"
#include "flamingo/media/limits.h"

namespace flamingo::corpus {

/// What is in files of documents.
struct DocumentStats {
  int64_t documents = 0;
  int64_t media = 0;
  int64_t videos = 0;  ///< of the media
  int64_t words = 0;
  uint64_t text_bytes = 0;
  uint64_t media_bytes = 0;
  std::map<std::string, int64_t> formats;         ///< media by format
  std::map<int64_t, int64_t> media_per_document;  ///< documents by their number of media
  std::vector<std::string> problems;              ///< documents that cannot be used, and why
  int64_t num_damaged = 0;
  int64_t num_unusable = 0;    ///< whole, but with nothing to learn from (see UnusableDocument)
  int64_t damaged_clips = 0;   ///< clips that can be used, with damaged frames or cut off
  int64_t damaged_frames = 0;  ///< of those
  int64_t partial_clips = 0;   ///< too long to be decoded to their end
  std::vector<std::string> damage;  ///< which clips, and what

  /// Problems, or damaged clips, kept in each list.
  static constexpr int64_t kMaxProblems = 100;

  void add(const document::Document& document);
  void add_problem(const std::string& problem, bool damaged);
  int64_t num_problems() const { return num_damaged + num_unusable; }
  Json to_json() const;
  /// A few lines for people.
  std::string table() const;
};

/// How read_all reads.
struct ReadAllOptions {
  std::string name;                         ///< of the file, before each problem; may be empty
  bool decode = false;                      ///< pictures and clips are decoded too
  media::MediaLimits limits;                ///< for that
  std::function<void()> on_document;        ///< told after each; may be empty
  const std::atomic<bool>* stop = nullptr;  ///< ends the work early; may be null
};

/// Reads every document of a file into `stats`. What fails is a problem, not an Error.
void read_all(const document::DocumentFile& file, const ReadAllOptions& options,
              DocumentStats& stats);

}  // namespace flamingo::corpus
