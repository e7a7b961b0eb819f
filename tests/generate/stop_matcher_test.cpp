#include "flamingo/generate/stop_matcher.h"

#include <gtest/gtest.h>

namespace flamingo::generate {
namespace {

TEST(StopMatcher, CutsAtTheFirstStopEvenAcrossPieces) {
  StopMatcher matcher({"<end>", "\nUser:"});
  EXPECT_EQ(matcher.push("a cat<e"), "a cat");
  EXPECT_EQ(matcher.push("nd> and more"), "");
  EXPECT_TRUE(matcher.stopped());
  EXPECT_EQ(matcher.push("x"), "");
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, GivesBackATailThatBecameNoStop) {
  StopMatcher matcher({"<end>"});
  EXPECT_EQ(matcher.push("a <e"), "a ");
  EXPECT_EQ(matcher.push("gg>"), "<egg>");
  EXPECT_EQ(matcher.push("<en"), "");
  EXPECT_EQ(matcher.finish(), "<en");
  EXPECT_FALSE(matcher.stopped());
}

TEST(StopMatcher, WithoutStopsEverythingPasses) {
  StopMatcher matcher({""});
  EXPECT_EQ(matcher.push("text"), "text");
}

}  // namespace
}  // namespace flamingo::generate
