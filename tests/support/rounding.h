#pragma once

#include "flamingo/golden/rounding.h"

namespace flamingo::testing {

using golden::kFunction;
using golden::rounding;

}  // namespace flamingo::testing
