#include "flamingo/parallel/gradient_buckets.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <sstream>

#include "tests/parallel/forked_ranks.h"

namespace flamingo::parallel {
namespace {

using testing::texts_of;

std::string text_of(const std::vector<torch::Tensor>& parameters) {
  std::ostringstream out;
  for (const auto& parameter : parameters) {
    if (!parameter.grad().defined()) out << "none ";
    for (int64_t i = 0; parameter.grad().defined() && i < parameter.numel(); ++i)
      out << parameter.grad().flatten()[i].item<double>() << ' ';
  }
  return out.str();
}

/// Parameters a [2], b [1, 2], c [1], d [1]; the loss of rank r in part p is
/// (r + 1)(p + 1)(sum a + 10 sum b) + 100 c, where c takes part in rank 1 only, and d nowhere.
std::string sums(const ProcessGroup& world, int64_t bucket_bytes, bool backward) {
  std::vector<torch::Tensor> parameters;
  for (const auto& shape : std::vector<std::vector<int64_t>>{{2}, {1, 2}, {1}, {1}})
    parameters.push_back(torch::ones(shape, torch::requires_grad()));
  GradientBuckets buckets(parameters, world, bucket_bytes);
  std::string text;
  for (int update = 0; update < 2; ++update) {
    for (int part = 0; part < 2 && backward; ++part) {
      auto loss = static_cast<double>((world.rank() + 1) * (part + 1)) *
                  (parameters[0].sum() + 10 * parameters[1].sum());
      if (world.rank() == 1) loss = loss + 100 * parameters[2].sum();
      if (part == 1) buckets.before_last_backward();
      loss.backward();
    }
    buckets.finish();
    text += text_of(parameters);
    for (auto& parameter : parameters) parameter.mutable_grad().reset();
  }
  return text;
}

TEST(GradientBuckets, SumOverPartsAndProcesses) {
  for (const int64_t bytes : {1, 12, 1000}) {
    const auto texts =
        texts_of(3, [&](const ProcessGroup& world) { return sums(world, bytes, true); });
    for (const auto& text : texts)  // (1 + 2) parts x (1 + 2 + 3) ranks
      EXPECT_EQ(text, "18 18 180 180 200 none 18 18 180 180 200 none ") << bytes;
  }
}

TEST(GradientBuckets, AProcessWithoutABackwardPassStillTakesPart) {
  const auto texts =
      texts_of(2, [](const ProcessGroup& world) { return sums(world, 12, world.rank() == 0); });
  for (const auto& text : texts) EXPECT_EQ(text, "3 3 30 30 none none 3 3 30 30 none none ");
}

TEST(GradientBuckets, OneProcessKeepsItsGradients) {
  EXPECT_EQ(sums({}, 12, true), "3 3 30 30 none none 3 3 30 30 none none ");
}

}  // namespace
}  // namespace flamingo::parallel
