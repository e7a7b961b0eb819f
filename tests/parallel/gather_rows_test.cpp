#include "flamingo/parallel/gather_rows.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/support/rounding.h"

namespace flamingo::parallel {
namespace {

/// A loss in which every row meets every other, and its gradient [N, 2].
std::pair<double, torch::Tensor> loss_of(const torch::Tensor& rows, const ProcessGroup& group) {
  const auto own = rows.clone().requires_grad_();
  const auto all = gather_rows(own * 1, group);
  const auto share = at::matmul(all, all.t()).sin().sum() / group.size();
  share.backward();
  return {share.item<double>(), own.grad()};
}

TEST(GatherRows, GradientsOfAllProcessesAreThoseOfOne) {
  const auto rows = torch::arange(16, torch::kFloat).view({8, 2}).sin();
  const auto [loss, gradient] = loss_of(rows, {});
  const double rounded = testing::rounding<float>(2 * 8 * 8, 8);
  for (const int64_t size : {2, 4}) {
    const auto texts = testing::texts_of(size, [&](const ProcessGroup& world) {
      const int64_t n = 8 / size;
      const auto [part, own] = loss_of(rows.narrow(0, world.rank() * n, n), world);
      const auto expected = gradient.narrow(0, world.rank() * n, n);
      const double whole = world.sum({part}).front();
      if (std::abs(whole - loss) > rounded) return "loss " + std::to_string(whole);
      const double off = (own - expected).abs().max().item<double>();
      return off <= rounded ? std::string("equal") : "gradient off by " + std::to_string(off);
    });
    for (const auto& text : texts) EXPECT_EQ(text, "equal");
  }
}

TEST(GatherRows, AloneItIsTheRowsThemselves) {
  const auto rows = torch::ones({3, 2}).requires_grad_();
  EXPECT_TRUE(gather_rows(rows, {}).is_same(rows));
  EXPECT_THROW(gather_rows(torch::tensor(1.0), {}), Error);
}

}  // namespace
}  // namespace flamingo::parallel
