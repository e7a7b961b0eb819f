#pragma once

#include <span>

#include "flamingo/corpus/recipe.h"
#include "flamingo/corpus/shard_files.h"

namespace flamingo::corpus {

/// Second pass over one shard: takes out what `verdicts`, one a page of the filtered shard, call a
/// duplicate, and divides the pages into training and held-out ones by their addresses. Writes both
/// shards (the held-out one only where the recipe holds pages out) and the counters of both passes,
/// last. Throws Error: the files of the first pass are damaged, a full disk.
void finish_shard(const CorpusRecipe& recipe, std::span<const DuplicateVerdict> verdicts,
                  const ShardFiles& files);

/// Whether a page of this address is held out; depends on nothing else.
bool is_held_out(std::string_view url, double share);

}  // namespace flamingo::corpus
