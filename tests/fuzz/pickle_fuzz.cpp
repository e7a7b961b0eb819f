#include "flamingo/io/pickle.h"
#include "tests/fuzz/fuzz.h"

void flamingo::testing::fuzz(std::span<const std::byte> input) { io::parse_pickle(input, "fuzz"); }
