#pragma once

#include <cstddef>
#include <deque>
#include <vector>

namespace flamingo::io {

/// Bytes that no map holds: inflated members, gathered tensors. A deque, so that they never move.
using OwnedBytes = std::deque<std::vector<std::byte>>;

}  // namespace flamingo::io
