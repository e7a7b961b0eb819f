#include "flamingo/core/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

std::vector<uint64_t> order(uint64_t size, uint64_t key) {
  std::vector<uint64_t> places;
  for (uint64_t i = 0; i < size; ++i) places.push_back(permuted(i, size, key));
  return places;
}

TEST(Permutation, IsOneToOneForAnySize) {
  for (const uint64_t size : {1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 4096, 5000}) {
    for (uint64_t key = 0; key < 5; ++key) {
      std::vector<int> hits(size, 0);
      for (const uint64_t place : order(size, key)) ++hits.at(place);
      EXPECT_EQ(hits, std::vector<int>(size, 1)) << size;
    }
  }
}

TEST(Permutation, KeysGiveDifferentOrders) {
  EXPECT_NE(order(100, 1), order(100, 2));
  EXPECT_EQ(order(100, 1), order(100, 1));
}

TEST(Permutation, NeighboursArePutFarApartAndFirstPlacesAreEven) {
  constexpr uint64_t kSize = 1000;
  double distance = 0;
  for (uint64_t i = 0; i + 1 < kSize; ++i) {
    distance += std::abs(static_cast<double>(permuted(i, kSize, 7)) -
                         static_cast<double>(permuted(i + 1, kSize, 7)));
  }
  EXPECT_NEAR(distance / (kSize - 1) / kSize, 1.0 / 3, 0.03) << "as two independent draws";
  std::vector<int> first(10, 0);
  for (uint64_t key = 0; key < 10'000; ++key) ++first.at(permuted(0, 10, key));
  for (const int count : first) EXPECT_NEAR(count, 1000, 120);  // 4 standard deviations
}

TEST(Permutation, RefusesWhatIsOutOfRange) {
  EXPECT_THROW(permuted(5, 5, 0), Error);
  EXPECT_THROW(permuted(0, 0, 0), Error);
  EXPECT_EQ(permuted(0, 1, 9), 0u);
  EXPECT_LT(permuted(123, uint64_t{1} << 62, 9), uint64_t{1} << 62);
}

}  // namespace
}  // namespace flamingo
