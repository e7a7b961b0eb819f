#pragma once

#include <cstdint>

namespace flamingo::testing {

/// FLAMINGO_TEST_SEED, 0 without it: what all random numbers of a test program follow from. Every
/// test starts with torch's generator seeded by it (tests/support/main.cpp), so that a test alone
/// draws the same numbers as in the whole program. Throws
/// std::invalid_argument unless it is a number of 64 bits.
uint64_t run_seed();

/// A seed for one of a test's own generators: `stream` in a run of seed 0, another in any other.
/// A generator without it keeps its numbers in every run, as a count over draws may want.
uint64_t seeded(uint64_t stream);

}  // namespace flamingo::testing
