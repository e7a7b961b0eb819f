#pragma once

#include <functional>
#include <string>

#include "flamingo/corpus/build_report.h"
#include "flamingo/corpus/page_filter.h"
#include "flamingo/corpus/page_reader.h"
#include "flamingo/corpus/shard_files.h"
#include "flamingo/crawl/picture_source.h"

namespace flamingo::corpus {

/// What filter_shard works with.
struct FilterJob {
  const PageFilter& filter;
  const ShardPlan& plan;
  PageReader& pages;
  crawl::PictureSource&
      pictures;  ///< asked for the first time when a WARC file's pages are all read
  std::function<void(int64_t pages)> on_pages;  ///< told how many more are done; may be empty
};

/// First pass over one shard: pages to documents, the rules that look at one page alone, their
/// pictures. Writes the shard of what is left, its signatures and its counters; each file appears
/// whole or not at all, the counters last. Equal input gives equal bytes.
/// Throws Error: the source cannot be read, a full disk.
void filter_shard(const FilterJob& job, const ShardFiles& files);

}  // namespace flamingo::corpus
