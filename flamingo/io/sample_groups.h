#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/io/tar.h"

namespace flamingo::io {

/// A member's name as webdataset reads it.
struct SampleName {
  std::string_view key;        ///< folder and base name up to its first dot
  std::string_view extension;  ///< what follows that dot, more dots included
};

/// "train/000012.0.jpg" -> {"train/000012", "0.jpg"}. Nothing when the base name is empty, has no
/// dot or begins or ends with its first one.
std::optional<SampleName> split_sample_name(std::string_view name);

/// A file of a sample.
struct SampleFile {
  std::string extension;  ///< lower case (ASCII)
  size_t member = 0;      ///< index into the grouped members
};

/// Consecutive members with one key.
struct SampleGroup {
  std::string key;
  std::vector<SampleFile> files;  ///< in the order of the members
  std::string error;              ///< why the sample is not to be used; empty: it is good

  /// The member with this extension (lower case), or nothing.
  std::optional<size_t> find(std::string_view extension) const;
};

/// An archive's members by sample.
struct SampleGroups {
  std::vector<SampleGroup> samples;
  uint64_t num_ignored = 0;  ///< members whose names have no key and extension
};

/// Groups members as webdataset's group_by_keys does; a repeated extension (its case ignored) is
/// the error of that sample alone. Members without key and extension are left out, and do not end
/// a sample.
SampleGroups group_samples(std::span<const TarMember> members);

}  // namespace flamingo::io
