#pragma once

#include "flamingo/golden/summed_terms.h"
#include "tests/support/rounding.h"

namespace flamingo::testing {

using golden::summed_terms;

}  // namespace flamingo::testing
