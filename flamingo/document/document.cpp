#include "flamingo/document/document.h"

namespace flamingo::document {

std::string plain_text(const Document& document) {
  std::string text;
  for (const Part& part : document.parts) {
    if (!part.is_text()) continue;
    if (!text.empty() && text.back() != '\n') text += "\n\n";
    text += part.text;
  }
  return text;
}

}  // namespace flamingo::document
