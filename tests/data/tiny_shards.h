#pragma once

#include <filesystem>
#include <string>

#include "flamingo/document/shard.h"
#include "flamingo/pictogram/documents.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::testing {

/// Writes `count` captioned pictograms into a shard; keys are 0, 1, ...
inline void write_pair_shard(const std::string& path, const pictures::LabelledPictures& set,
                             int64_t first, int64_t count) {
  const auto drawings = set.pictures_in("train");
  document::ShardWriter writer(path);
  for (int64_t i = first; i < first + count; ++i) {
    Rng rng(static_cast<uint64_t>(i));
    const auto drawing = drawings.at(static_cast<size_t>(i) % drawings.size());
    writer.add(std::to_string(i), pictogram::pictogram_pair(set, drawing, {}, rng));
  }
  writer.finish();
}

}  // namespace flamingo::testing
