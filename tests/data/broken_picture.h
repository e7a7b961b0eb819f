#pragma once

#include <string>

#include "flamingo/document/shard.h"

namespace flamingo::testing {

/// Cuts the picture of document `index` of a shard off, so that it cannot be decoded although the
/// document can be read.
inline void break_picture(const std::string& path, int64_t index) {
  const document::TarDocuments documents(path);
  document::ShardWriter writer(path);
  for (int64_t i = 0; i < documents.size(); ++i) {
    document::Document document = documents.read(i);
    if (i == index) {
      document.media.at(0).bytes.resize(40);
      document.media[0].sha256.clear();
    }
    writer.add(documents.key(i), document);
  }
  writer.finish();
}

}  // namespace flamingo::testing
