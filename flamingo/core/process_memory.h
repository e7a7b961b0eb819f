#pragma once

#include <cstdint>

namespace flamingo {

/// Bytes of main memory that this process holds now; 0 where the system does not say.
int64_t resident_bytes();
/// The most it has ever held.
int64_t peak_resident_bytes();

}  // namespace flamingo
