#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flamingo::generate {

/// Cuts streamed text at the first stop string, holding back text that may still become one.
class StopMatcher {
 public:
  /// Empty stop strings are ignored.
  explicit StopMatcher(std::vector<std::string> stops);

  /// Text that may be shown now.
  std::string push(std::string_view piece);
  /// What was held back, at the end of the answer (nothing after a stop).
  std::string finish();
  bool stopped() const { return stopped_; }

 private:
  /// Length of the longest tail of held_ that begins a stop string.
  size_t open_tail() const;

  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace flamingo::generate
