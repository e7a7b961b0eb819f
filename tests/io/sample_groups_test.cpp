#include "flamingo/io/sample_groups.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flamingo::io {
namespace {

std::vector<TarMember> named(std::initializer_list<const char*> names) {
  std::vector<TarMember> members;
  for (const char* name : names) members.push_back({name, 0, {}});
  return members;
}

TEST(SplitSampleName, SplitsTheBaseNameAtItsFirstDot) {
  const struct {
    const char* name;
    const char* key;
    const char* extension;
  } cases[] = {
      {"000012.0.jpg", "000012", "0.jpg"},
      {"a.txt", "a", "txt"},
      {"d.1/e/f.seg.png", "d.1/e/f", "seg.png"},
      {"./a.txt", "./a", "txt"},
      {"/a.b.", "/a", "b."},
  };
  for (const auto& expected : cases) {
    const auto actual = split_sample_name(expected.name);
    ASSERT_TRUE(actual.has_value()) << expected.name;
    EXPECT_EQ(actual->key, expected.key);
    EXPECT_EQ(actual->extension, expected.extension);
  }
}

TEST(SplitSampleName, NeedsKeyAndExtension) {
  for (const char* name : {"", "README", ".hidden", "d.x/README", "d/.jpg", "a."})
    EXPECT_FALSE(split_sample_name(name).has_value()) << name;
}

TEST(GroupSamples, JoinsNeighboursWithOneKey) {
  const auto groups = group_samples(
      named({"a.0.jpg", "a.1.JPG", "README", "a.json", "b.json", "d/b.json", "a.json"}));
  EXPECT_EQ(groups.num_ignored, 1u);
  ASSERT_EQ(groups.samples.size(), 4u);
  EXPECT_EQ(groups.samples[0].key, "a");
  EXPECT_EQ(groups.samples[0].files.size(), 3u);
  EXPECT_EQ(groups.samples[0].find("1.jpg"), 1u);
  EXPECT_EQ(groups.samples[0].find("json"), 3u);
  EXPECT_EQ(groups.samples[0].find("txt"), std::nullopt);
  EXPECT_EQ(groups.samples[2].key, "d/b");
  EXPECT_EQ(groups.samples[3].key, "a");  // not a neighbour of the first: a sample of its own
  for (const SampleGroup& sample : groups.samples) EXPECT_EQ(sample.error, "");
}

TEST(GroupSamples, ARepeatedExtensionIsTheErrorOfItsSample) {
  const auto groups = group_samples(named({"a.jpg", "b.jpg", "b.txt", "b.JPG", "c.jpg"}));
  ASSERT_EQ(groups.samples.size(), 3u);
  EXPECT_EQ(groups.samples[0].error, "");
  EXPECT_EQ(groups.samples[1].error, "expected each extension once, got \"jpg\" again");
  EXPECT_EQ(groups.samples[2].error, "");
}

}  // namespace
}  // namespace flamingo::io
