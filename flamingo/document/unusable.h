#pragma once

#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo::document {

/// A document that is written as it should be and has nothing to learn from: its picture could not
/// be fetched or does not meet the rules, it has no caption. Other Errors of a document are damage.
class UnusableDocument : public Error {
 public:
  using Error::Error;
};

/// Throws UnusableDocument unless condition holds.
inline void require_usable(bool condition, std::string_view where, std::string_view message) {
  if (!condition) throw UnusableDocument(where, message);
}

}  // namespace flamingo::document
