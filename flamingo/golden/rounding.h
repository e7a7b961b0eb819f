#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace flamingo::golden {

/// How far apart two results may lie that are equal but for rounding, in T.
///
/// A sum of n products lies within n u sum|a b| of the exact one, in whatever order it is summed,
/// with fused operations or without (Higham, Accuracy and Stability of Numerical Algorithms, 3.1;
/// u is half of epsilon). As errors have either sign, it also lies within l sqrt(n) u sum|a b| but
/// for a chance of 2 n exp(-l^2 / 2) (Higham and Mary, A New Approach to Probabilistic Rounding
/// Error Analysis, 2019): 3e-14 n with l = 8. Two such sums, of two programs or two processors, lie
/// within twice that of each other. terms: n, added up over the sums that follow each other on the
/// way to a result; norm: of what is summed, of either sign. A wrong term is off by about norm / n,
/// far more.
template <class T>
double rounding(int64_t terms, double norm) {
  const auto n = static_cast<double>(terms);
  return std::min(n, 8 * std::sqrt(n)) * static_cast<double>(std::numeric_limits<T>::epsilon()) *
         std::abs(norm);
}

/// Terms that stand for one exp, erf, tanh, rsqrt or division in float: vector libraries are exact
/// to 1 to 20 units in the last place (torch's fastest exponential to 20).
constexpr int64_t kFunction = 32;

}  // namespace flamingo::golden
