#include "flamingo/data/data_source.h"

#include <c10/util/Exception.h>

namespace flamingo::data {

bool ViewStore::has_all(int64_t picture, int64_t views) const {
  for (int64_t view = 0; view < views; ++view) {
    if (!has({.picture = picture, .view = view})) return false;
  }
  return true;
}

at::Tensor DataSource::render(std::span<const ViewRef> /*views*/,
                              std::vector<std::string>& /*damaged*/) const {
  TORCH_INTERNAL_ASSERT(false, name_, " has no views");
}

}  // namespace flamingo::data
