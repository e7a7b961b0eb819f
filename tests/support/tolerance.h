#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <optional>

#include "tests/support/rounding.h"

namespace flamingo::testing {

/// What tensors may differ by (rounding.h says why).
struct Rounding {
  int64_t terms = 1;                   ///< summed on the way to an element
  double norm = 0;                     ///< 0: the largest magnitude of what is expected
  std::optional<at::ScalarType> type;  ///< that is rounded to; by default the coarser of the two
};

/// rounding<type>(terms, norm).
inline double tolerance_of(const at::Tensor& got, const at::Tensor& expected, Rounding rounded) {
  const double norm =
      rounded.norm > 0 ? rounded.norm : expected.to(at::kDouble).abs().max().item<double>();
  const auto either = [&](at::ScalarType type) {
    return rounded.type ? *rounded.type == type
                        : got.scalar_type() == type || expected.scalar_type() == type;
  };
  if (either(at::kBFloat16)) return rounding<at::BFloat16>(rounded.terms, norm);
  return either(at::kFloat) ? rounding<float>(rounded.terms, norm)
                            : rounding<double>(rounded.terms, norm);
}

/// Whether the tensors have one shape and no element differs by more than rounding.
inline ::testing::AssertionResult agree(const at::Tensor& got, const at::Tensor& expected,
                                        const Rounding& rounding) {
  if (got.sizes() != expected.sizes())
    return ::testing::AssertionFailure() << got.sizes() << " is not " << expected.sizes();
  const double allowed = tolerance_of(got, expected, rounding);
  const double off = (got.to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>();
  return (off <= allowed ? ::testing::AssertionSuccess() : ::testing::AssertionFailure())
         << "off by " << off << ", rounding allows " << allowed;
}

}  // namespace flamingo::testing
