#include "flamingo/io/sample_groups.h"

#include "flamingo/core/ascii.h"

#include <algorithm>
#include <unordered_set>

namespace flamingo::io {
namespace {}  // namespace

std::optional<SampleName> split_sample_name(std::string_view name) {
  const size_t slash = name.rfind('/');
  const size_t base = slash == name.npos ? 0 : slash + 1;
  const size_t dot = name.find('.', base);
  if (dot == name.npos || dot == base || dot + 1 == name.size()) return std::nullopt;
  return SampleName{name.substr(0, dot), name.substr(dot + 1)};
}

std::optional<size_t> SampleGroup::find(std::string_view extension) const {
  const auto it = std::find_if(files.begin(), files.end(),
                               [&](const SampleFile& file) { return file.extension == extension; });
  return it == files.end() ? std::nullopt : std::optional(it->member);
}

SampleGroups group_samples(std::span<const TarMember> members) {
  SampleGroups groups;
  std::unordered_set<std::string> seen;  // extensions of the last sample
  for (size_t i = 0; i < members.size(); ++i) {
    const auto name = split_sample_name(members[i].name);
    if (!name) {
      ++groups.num_ignored;
      continue;
    }
    if (groups.samples.empty() || groups.samples.back().key != name->key) {
      groups.samples.push_back({std::string(name->key), {}, {}});
      seen.clear();
    }
    SampleGroup& sample = groups.samples.back();
    std::string extension = ascii_lower(name->extension);
    if (!seen.insert(extension).second)
      sample.error = "expected each extension once, got \"" + extension + "\" again";
    sample.files.push_back({std::move(extension), i});
  }
  return groups;
}

}  // namespace flamingo::io
