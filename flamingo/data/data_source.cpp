#include "flamingo/data/data_source.h"

#include <c10/util/Exception.h>

namespace flamingo::data {

at::Tensor DataSource::render(std::span<const ViewRef> /*views*/,
                              std::vector<std::string>& /*damaged*/) const {
  TORCH_INTERNAL_ASSERT(false, name_, " has no views");
}

}  // namespace flamingo::data
