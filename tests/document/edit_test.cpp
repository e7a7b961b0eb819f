#include "flamingo/document/edit.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::document {
namespace {

/// The parts as one line: text in quotes, media by their address.
std::string show(const Document& document) {
  std::string line;
  for (const Part& part : document.parts) {
    if (part.is_text()) {
      line += "'" + part.text + "' ";
    } else {
      line += document.media[static_cast<size_t>(part.media_item)].url + " ";
    }
  }
  return line;
}

Document page() {
  Document page;
  page.media = {{.url = "a"}, {.url = "b"}, {.url = "c"}};
  page.parts = {Part::of_text("one"),   Part::of_media_item(0), Part::of_text("two "),
                Part::of_media_item(1), Part::of_media_item(2), Part::of_text("three")};
  return page;
}

TEST(KeepMedia, RenumbersWhatStays) {
  Document document = page();
  keep_media(document, {true, false, true});
  EXPECT_EQ(show(document), "'one' a 'two ' c 'three' ");
  EXPECT_EQ(document.media.size(), 2u);
}

TEST(KeepMedia, JoinsTextThatMeets) {
  Document document = page();
  keep_media(document, {false, true, false});
  EXPECT_EQ(show(document), "'one\n\ntwo ' b 'three' ");
  document = page();
  keep_media(document, {false, false, false});
  EXPECT_EQ(show(document), "'one\n\ntwo three' ");
}

TEST(KeepMedia, RefusesAnotherNumberOfEntries) {
  Document document = page();
  EXPECT_THROW(keep_media(document, {true}), Error);
}

TEST(CountWords, CountsRunsInEachPart) {
  EXPECT_EQ(count_words(page()), 3);
  Document document;
  document.parts = {Part::of_text("  a  b\n\nc"), Part::of_text("d")};
  EXPECT_EQ(count_words(document), 4);
}

}  // namespace
}  // namespace flamingo::document
