#include "flamingo/text/vocabulary.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

TEST(Vocabulary, FindsBothWays) {
  Vocabulary vocabulary;
  vocabulary.add("a", 0, "v");
  vocabulary.add("b", 5, "v");
  EXPECT_EQ(vocabulary.find("b"), 5);
  EXPECT_FALSE(vocabulary.find("c").has_value());
  EXPECT_EQ(*vocabulary.token(0), "a");
  EXPECT_EQ(vocabulary.token(3), nullptr);
  EXPECT_EQ(vocabulary.token(-1), nullptr);
  EXPECT_EQ(vocabulary.token(6), nullptr);
  EXPECT_EQ(vocabulary.size(), 6);
  EXPECT_EQ(vocabulary.num_tokens(), 2);
  const Vocabulary moved = std::move(vocabulary);
  EXPECT_EQ(*moved.token(5), "b");
}

TEST(Vocabulary, RefusesBadIds) {
  Vocabulary vocabulary;
  vocabulary.add("a", 0, "v");
  for (const int64_t id : {int64_t{-1}, Vocabulary::kMaxSize, int64_t{1} << 40, int64_t{0}}) {
    EXPECT_NE(testing::error_of([&] { vocabulary.add("b", id, "v"); }).find("id"),
              std::string::npos);
  }
  EXPECT_NE(testing::error_of([&] { vocabulary.add("a", 1, "v"); }).find("twice"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::text
