#include "flamingo/core/error.h"
#include "flamingo/document/sample.h"
#include "flamingo/io/sample_groups.h"
#include "flamingo/io/tar.h"
#include "tests/fuzz/fuzz.h"

/// A tar of samples, and the document of each.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const io::TarIndex index = io::index_tar(input, "fuzz");
  for (const io::SampleGroup& group : io::group_samples(index.members).samples) {
    document::Sample sample{.where = group.key};
    for (const io::SampleFile& file : group.files)
      sample.files.push_back({file.extension, text_of(index.members[file.member].data)});
    try {
      read_all(document::plain_text(document::read_sample(sample)));
    } catch (const Error&) {  // one sample; the others stay good
    }
  }
}
