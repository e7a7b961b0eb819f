#include "tests/support/seed.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace flamingo {
namespace {

using testing::run_seed;
using testing::seeded;

/// Set-up of a suite draws too.
class Seed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { of_suite_ = torch::randn({8}); }
  static inline torch::Tensor of_suite_;
  static inline std::optional<torch::Tensor> of_test_;

  /// Whichever of both tests comes second compares.
  static void expect_the_same_draw() {
    const auto drawn = torch::randn({8});
    EXPECT_TRUE(drawn.equal(of_suite_));
    if (of_test_) {
      EXPECT_TRUE(drawn.equal(*of_test_));
    }
    of_test_ = drawn;
    torch::randn({3});  // what one test draws is nothing to the next
  }
};

TEST_F(Seed, IsTheSameForThisTest) { expect_the_same_draw(); }
TEST_F(Seed, AndForThisOne) { expect_the_same_draw(); }

TEST(RunSeed, IsTheEnvironments) {
  const char* text = std::getenv("FLAMINGO_TEST_SEED");
  EXPECT_EQ(run_seed(), text == nullptr ? 0 : std::stoull(text));
  const auto drawn = torch::randn({8});
  torch::manual_seed(run_seed());
  EXPECT_TRUE(torch::randn({8}).equal(drawn));
}

TEST(RunSeed, GivesEveryStreamItsOwn) {
  EXPECT_EQ(seeded(8) - seeded(7), 1u);
  EXPECT_EQ(seeded(7) == 7u, run_seed() == 0);
}

TEST(OwnFolder, IsWhereTestsWrite) {
  EXPECT_NE(::testing::TempDir().find("flamingo-test-"), std::string::npos);
  EXPECT_EQ(::testing::TempDir(), std::string(std::getenv("TMPDIR")) + "/");
}

}  // namespace
}  // namespace flamingo
