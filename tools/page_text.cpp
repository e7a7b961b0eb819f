// Prints what the M3W builder takes of web pages, before any filter: flamingo-page-text
// PAGE.html... For each page its text, a line of its own for each picture, and a form feed.

#include <cstdint>
#include <iostream>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/html/charset.h"
#include "flamingo/html/page.h"

namespace {

constexpr uint64_t kMaxBytes = 4 << 20;

void print_page(const std::string& path) {
  const flamingo::html::HtmlPage page = flamingo::html::parse_page(
      flamingo::html::decode_page(flamingo::read_file(path, kMaxBytes), ""), "file://" + path);
  for (const flamingo::document::Part& part : page.document.parts) {
    if (part.is_text()) std::cout << part.text << '\n';
  }
  std::cout << '\f';
}

}  // namespace

int main(int argc, char** argv) try {
  for (int i = 1; i < argc; ++i) print_page(argv[i]);
  return std::cout.flush() ? 0 : 2;
} catch (const flamingo::Error& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
