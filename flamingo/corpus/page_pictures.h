#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/corpus/page_reader.h"
#include "flamingo/crawl/picture_source.h"

namespace flamingo::corpus {

/// The pictures of a shard's pages, from where its input says they are: the same WARC file (those
/// in `store`, and those it has no bytes of by reading the file again), the folder, or the
/// network (with a cache in <output>/cache). A picture in a data: address is its own source. Recipe
/// and plan must outlive it. Throws Error: fetch options that make no sense, a cache that cannot be
/// made, pictures from WARC for HTML files.
std::unique_ptr<crawl::PictureSource> page_pictures(const CorpusRecipe& recipe,
                                                    const ShardPlan& plan,
                                                    std::shared_ptr<const WarcStore> store);

}  // namespace flamingo::corpus
