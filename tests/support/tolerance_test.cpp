#include "tests/support/tolerance.h"

#include <limits>

namespace flamingo {
namespace {

using testing::agree;

TEST(Rounding, CoversASumInAnyOrder) {
  for (const int64_t n : {3, 64, 1000}) {
    const auto x = torch::randn({n}), y = torch::randn({n});
    const double norm = (x * y).abs().sum().item<double>();
    float forwards = 0, backwards = 0;
    for (int64_t i = 0; i < n; ++i) forwards += (x[i] * y[i]).item<float>();
    for (int64_t i = n; i-- > 0;) backwards += (x[i] * y[i]).item<float>();
    EXPECT_NEAR(forwards, backwards, testing::rounding<float>(n, norm)) << n;
    EXPECT_NEAR(forwards, x.dot(y).item<float>(), testing::rounding<float>(n, norm)) << n;
  }
}

TEST(Rounding, IsLessThanAMissingTerm) {
  for (const int64_t n : {3, 64, 1000}) {
    const auto x = torch::randn({8, n}), w = torch::randn({8, n});
    const auto whole = at::matmul(x, w.t());
    EXPECT_TRUE(agree(at::matmul(x.flip(1), w.flip(1).t()), whole, {.terms = n})) << n;
    const auto without_one = at::matmul(x.narrow(1, 1, n - 1), w.narrow(1, 1, n - 1).t());
    EXPECT_FALSE(agree(without_one, whole, {.terms = n})) << n;
  }
}

TEST(Agree, MeasuresInTheCoarserTypeAndTheLargestMagnitude) {
  const auto x = torch::tensor({100.0f, 1.0f}), step = torch::tensor({0.0f, 0x1p-23f * 90});
  EXPECT_TRUE(agree(x + step, x, {.terms = 1}));
  EXPECT_FALSE(agree(x + 2 * step, x, {.terms = 1}));
  EXPECT_TRUE(agree(x + 2 * step, x, {.terms = 2}));
  EXPECT_FALSE(agree(x + step, x, {.terms = 1, .norm = 1}));
  EXPECT_TRUE(agree((x + 2 * step).to(at::kBFloat16), x, {.terms = 1}));
  EXPECT_FALSE(agree(x.to(at::kDouble) + 1e-9, x.to(at::kDouble), {.terms = 8}));
}

TEST(Agree, RefusesOtherShapesAndWhatIsNoNumber) {
  const auto x = torch::ones({2});
  EXPECT_FALSE(agree(torch::ones({1, 2}), x, {}));
  EXPECT_FALSE(agree(x * std::numeric_limits<float>::quiet_NaN(), x, {}));
  EXPECT_FALSE(agree(x * std::numeric_limits<float>::infinity(), x, {}));
}

}  // namespace
}  // namespace flamingo
