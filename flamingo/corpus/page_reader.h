#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/corpus/recipe.h"
#include "flamingo/corpus/warc_store.h"

namespace flamingo::corpus {

/// A page as its source has it.
struct PageInput {
  std::string url;
  std::string bytes;
  std::string charset;                                  ///< of the HTTP header; may be empty
  std::vector<std::string> use_tags;                    ///< X-Robots-Tag values of the HTTP header
  crawl::FetchReason reason = crawl::FetchReason::kOk;  ///< why there are no bytes; kOk: there are
  std::string detail;                                   ///< the same in words
};

/// The input of one output shard.
struct ShardPlan {
  std::string name;                    ///< "000000", of the output shard
  const InputConfig* input = nullptr;  ///< of the recipe, which must outlive the plan
  std::vector<std::string> files;      ///< HTML files, rising, or one WARC file

  bool is_warc() const;
};

/// Cuts the inputs of a recipe into shards, the same at each call while the files stay.
/// Throws Error: a missing path, an input without files.
std::vector<ShardPlan> plan_shards(const CorpusRecipe& recipe);

/// The pages of a shard, in a fixed order.
class PageReader {
 public:
  virtual ~PageReader() = default;

  /// The next page, or nothing at the end. Throws Error where the source cannot be read on.
  virtual std::optional<PageInput> next() = 0;
  /// Records of the source so far that were damaged or too large to be pages.
  virtual int64_t num_lost() const { return 0; }
  /// Answers of the source so far, whatever they were, each counted under one name.
  virtual std::map<std::string, int64_t> answers() const { return {}; }
};

/// Opens the pages of a shard: HTML files, or the HTML among the answers in a WARC file (those that
/// cannot be read, with the reason). A page over max_page_bytes is given cut off, one byte too
/// long, so that the page's own limit refuses it. `store` gets the answers of a WARC file on the
/// way.
std::unique_ptr<PageReader> open_pages(
    const ShardPlan& plan, uint64_t max_page_bytes,
    std::shared_ptr<WarcStore> store = std::make_shared<WarcStore>(0));

/// The address of a file of a folder: the input's url with the file's path after it, or file:.
std::string url_of_file(const InputConfig& input, const std::string& file);
/// The folder whose files such addresses stand for, and the part of an address after it without
/// query and fragment, percent-encoded; nothing where the address lies elsewhere.
std::string input_folder(const InputConfig& input);
std::optional<std::string> path_in_folder(const InputConfig& input, std::string_view url);

}  // namespace flamingo::corpus
