#include "flamingo/core/checked.h"

namespace flamingo {
namespace {

template <class Number>
void require_number_within(std::string_view where, std::string_view field, Number value,
                           Number least, Number most) {
  require(value >= least && value <= most, where, "expected {} in [{}, {}], got {}", field, least,
          most, value);
}

}  // namespace

void require_within(std::string_view where, std::string_view field, int64_t value, int64_t least,
                    int64_t most) {
  require_number_within(where, field, value, least, most);
}

void require_within(std::string_view where, std::string_view field, double value, double least,
                    double most) {
  require_number_within(where, field, value, least, most);
}

}  // namespace flamingo
