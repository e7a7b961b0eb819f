#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "flamingo/core/ranks.h"
#include "flamingo/corpus/build_report.h"
#include "flamingo/corpus/recipe.h"

namespace flamingo::corpus {

/// Where a build is, for a progress line.
struct BuildProgress {
  const char* pass = "";  ///< "filter" or "deduplicate"
  int64_t shards_done = 0;
  int64_t shards = 0;      ///< of this process
  int64_t pages_done = 0;  ///< in this pass and process
};

/// What the program around a build provides.
struct BuildHooks {
  const std::atomic<bool>* stop = nullptr;             ///< when it turns true, the build ends early
  std::function<void(const BuildProgress&)> progress;  ///< one call at a time, from any thread
  int64_t threads = 1;                                 ///< shards worked on at a time
};

/// How a build ended.
struct BuildResult {
  BuildReport report;          ///< of the shards of this process that are done
  bool finished = false;       ///< all shards of this process are done
  int64_t waiting_shards = 0;  ///< shards of other processes that the second pass waits for
};

/// Builds an M3W by a recipe into <output>/train and <output>/held-out: one output shard for each
/// input shard. Process `rank` of `world_size` does shards rank, rank + world_size, ...; what is
/// done already is left alone, so that a build that was stopped or killed resumes where it was, and
/// the result is the same bytes whoever did the work. The second pass (deduplication, in the order
/// of the shards) begins when the first one is done for all shards; a process that has to wait for
/// others returns, and is to be started again.
///
/// Throws Error: a recipe out of range, unreadable input, a full disk, or an output folder that was
/// built by another recipe.
BuildResult build_corpus(const CorpusRecipe& recipe, const Ranks& ranks, const BuildHooks& hooks);

}  // namespace flamingo::corpus
