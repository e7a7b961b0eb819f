#include "flamingo/core/size_text.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

TEST(SizeText, HasTheUnitThatShowsTheSize) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(12'000), "12.00 KB");
  EXPECT_EQ(size_text(7'534'000), "7.53 MB");
  EXPECT_EQ(size_text(1'500'000'000), "1.50 GB");
  EXPECT_EQ(size_text(2'000'000'000'000), "2000.00 GB");
}

}  // namespace
}  // namespace flamingo
