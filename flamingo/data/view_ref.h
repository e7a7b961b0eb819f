#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace flamingo::data {

/// One view of a picture of a source: view 0 is clean, views 1, 2, ... are varied (of documents,
/// all are). With a second picture it is a blend: the mean of the two views' features, a picture of
/// nothing that exists.
struct ViewRef {
  int64_t picture = 0;  ///< its number in the source
  int64_t view = 0;
  int64_t second_picture = -1;  ///< -1: none
  int64_t second_view = 0;
  int64_t store = 0;  ///< which of a run's stores of views it is in (DataSource::use_views)

  bool is_blend() const { return second_picture >= 0; }
  auto operator<=>(const ViewRef&) const = default;  // NOLINT(modernize-use-nullptr): its 0
};

}  // namespace flamingo::data
